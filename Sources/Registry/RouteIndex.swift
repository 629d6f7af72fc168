import ProxyModel
import RegistryProtocol

/// All active routes by what they match: finds duplicates within a session and who else serves a domain and path.
///
/// Every operation costs O(domains of the route) times the number of different services and priorities at one domain and
/// path, which is one or two in practice.
struct RouteIndex: Sendable {
    /// A domain and path.
    struct Site: Hashable, Sendable {
        /// The hosts.
        var domain: DomainPattern
        /// The normalised path.
        var path: String

        /// As an error message shows it: `api.example.com/v2`.
        var text: String { "\(domain)\(path)" }
    }

    /// What a service has at a site with one priority.
    struct Share: Hashable, Sendable {
        /// The service.
        var service: String
        /// The priority.
        var priority: Int
        /// The number of its routes.
        var count: Int
    }

    private struct Claim: Hashable {
        var site: Site
        var priority: Int
        var session: SessionKey
    }

    /// The shares at one site, the oldest first; `first` apart so that the usual single one needs no array.
    private struct Shares {
        var first: Share
        var others: [Share] = []
    }

    private var claims: [Claim: RouteID] = [:]
    private var sites: [Site: Shares] = [:]

    /// An empty index.
    init() {}

    /// The number of claims: pairs of a route and one of its domains.
    var claimCount: Int { claims.count }
    /// The number of sites that are served.
    var siteCount: Int { sites.count }

    /// The session's route with exactly this domain, path and priority.
    func route(of session: SessionKey, at site: Site, priority: Int) -> RouteID? {
        claims[Claim(site: site, priority: priority, session: session)]
    }

    /// The service that came first among those with routes at the site.
    func owner(of site: Site) -> String? { sites[site]?.first.service }

    /// What other services have at the site, the oldest first.
    func shares(at site: Site, otherThan service: String) -> [Share] {
        guard let shares = sites[site] else { return [] }
        if shares.others.isEmpty { return shares.first.service == service ? [] : [shares.first] }
        return ([shares.first] + shares.others).filter { $0.service != service }
    }

    /// Adds a route.
    ///
    /// - Precondition: the session has no other route with one of its domains, its path and its priority.
    mutating func insert(_ id: RouteID, _ route: RouteSpecification, session: SessionKey, service: String) {
        for domain in route.domains {
            let site = Site(domain: domain, path: route.path.text)
            let old = claims.updateValue(id, forKey: Claim(site: site, priority: route.priority, session: session))
            precondition(old == nil, "validation lets no session claim a domain, path and priority twice")
            addShare(service, route.priority, at: site)
        }
    }

    /// Takes a route out.
    ///
    /// - Precondition: it was inserted with the same values.
    mutating func remove(_ id: RouteID, _ route: RouteSpecification, session: SessionKey, service: String) {
        for domain in route.domains {
            let site = Site(domain: domain, path: route.path.text)
            let old = claims.removeValue(forKey: Claim(site: site, priority: route.priority, session: session))
            precondition(old == id, "an active route is in the index under its own values")
            removeShare(service, route.priority, at: site)
        }
    }

    private mutating func addShare(_ service: String, _ priority: Int, at site: Site) {
        func isSame(_ share: Share) -> Bool { share.priority == priority && share.service == service }
        guard let first = sites[site]?.first else {
            sites[site] = Shares(first: Share(service: service, priority: priority, count: 1))
            return
        }
        if isSame(first) {
            sites[site]?.first.count += 1
        } else if let index = sites[site]?.others.firstIndex(where: isSame) {
            sites[site]?.others[index].count += 1
        } else {
            sites[site]?.others.append(Share(service: service, priority: priority, count: 1))
        }
    }

    private mutating func removeShare(_ service: String, _ priority: Int, at site: Site) {
        func isSame(_ share: Share) -> Bool { share.priority == priority && share.service == service }
        guard let shares = sites[site] else { return }
        if isSame(shares.first) {
            if shares.first.count > 1 {
                sites[site]?.first.count -= 1
            } else if shares.others.isEmpty {
                sites[site] = nil
            } else {
                sites[site] = Shares(first: shares.others[0], others: Array(shares.others.dropFirst()))
            }
        } else if let index = shares.others.firstIndex(where: isSame) {
            if shares.others[index].count > 1 {
                sites[site]?.others[index].count -= 1
            } else {
                sites[site]?.others.remove(at: index)
            }
        }
    }

    /// Checks that shares count exactly the claims. O(claims).
    func checkInvariants() {
        var counts: [Site: Int] = [:]
        for claim in claims.keys { counts[claim.site, default: 0] += 1 }
        precondition(counts.count == sites.count, "each site has claims")
        for (site, shares) in sites {
            let all = [shares.first] + shares.others
            precondition(all.allSatisfy { $0.count > 0 } && all.reduce(0) { $0 + $1.count } == counts[site])
        }
    }
}
