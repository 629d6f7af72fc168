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

    /// A route's right to a site, as the session that it belongs to has it. Sites by number: their texts are kept once.
    private struct Claim: Hashable {
        var site: Int32
        var priority: Int32
        var session: SessionKey
    }

    /// The shares at one site, the oldest first; `first` apart so that the usual single one needs no array.
    private struct Shares {
        var first: Share
        var others: [Share] = []
    }

    private var claims: [Claim: RouteID] = [:]
    private var numbers: [Site: Int32] = [:]
    /// By number; `nil` for a number that is free.
    private var shares: [Shares?] = []
    private var freeNumbers: [Int32] = []

    /// An empty index.
    init() {}

    /// The number of claims: pairs of a route and one of its domains.
    var claimCount: Int { claims.count }
    /// The number of sites that are served.
    var siteCount: Int { numbers.count }

    /// The session's route with exactly this domain, path and priority.
    func route(of session: SessionKey, at site: Site, priority: Int) -> RouteID? {
        guard let number = numbers[site] else { return nil }
        return claims[Claim(site: number, priority: Int32(clamping: priority), session: session)]
    }

    /// The service that came first among those with routes at the site.
    func owner(of site: Site) -> String? {
        numbers[site].flatMap { shares[Int($0)]?.first.service }
    }

    /// What other services have at the site, the oldest first.
    func shares(at site: Site, otherThan service: String) -> [Share] {
        guard let number = numbers[site], let shares = shares[Int(number)] else { return [] }
        if shares.others.isEmpty { return shares.first.service == service ? [] : [shares.first] }
        return ([shares.first] + shares.others).filter { $0.service != service }
    }

    /// Adds a route.
    ///
    /// - Precondition: the session has no other route with one of its domains, its path and its priority, and the
    ///   priority fits 32 bits, as the protocol has it.
    mutating func insert(_ id: RouteID, _ route: RouteSpecification, session: SessionKey, service: String) {
        let priority = Int32(route.priority)
        for domain in route.domains {
            let number = addShare(service, route.priority, at: Site(domain: domain, path: route.path.text))
            let old = claims.updateValue(id, forKey: Claim(site: number, priority: priority, session: session))
            precondition(old == nil, "validation lets no session claim a domain, path and priority twice")
        }
    }

    /// Takes a route out.
    ///
    /// - Precondition: it was inserted with the same values.
    mutating func remove(_ id: RouteID, _ route: RouteSpecification, session: SessionKey, service: String) {
        let priority = Int32(route.priority)
        for domain in route.domains {
            let site = Site(domain: domain, path: route.path.text)
            guard let number = numbers[site] else { preconditionFailure("an active route's sites are known") }
            let old = claims.removeValue(forKey: Claim(site: number, priority: priority, session: session))
            precondition(old == id, "an active route is in the index under its own values")
            removeShare(service, route.priority, at: site, number)
        }
    }

    /// Counts one route more and returns the number of the site.
    private mutating func addShare(_ service: String, _ priority: Int, at site: Site) -> Int32 {
        func isSame(_ share: Share) -> Bool { share.priority == priority && share.service == service }
        let new = Share(service: service, priority: priority, count: 1)
        guard let number = numbers[site] else { return addSite(site, new) }
        let slot = Int(number)
        if let first = shares[slot]?.first, isSame(first) {
            shares[slot]?.first.count += 1
        } else if let index = shares[slot]?.others.firstIndex(where: isSame) {
            shares[slot]?.others[index].count += 1
        } else {
            shares[slot]?.others.append(new)
        }
        return number
    }

    private mutating func addSite(_ site: Site, _ first: Share) -> Int32 {
        let number: Int32
        if let free = freeNumbers.popLast() {
            number = free
            shares[Int(number)] = Shares(first: first)
        } else {
            number = Int32(shares.count)
            shares.append(Shares(first: first))
        }
        numbers[site] = number
        return number
    }

    /// Counts one route less and forgets a site that has none left.
    private mutating func removeShare(_ service: String, _ priority: Int, at site: Site, _ number: Int32) {
        func isSame(_ share: Share) -> Bool { share.priority == priority && share.service == service }
        let slot = Int(number)
        guard let old = shares[slot] else { preconditionFailure("a numbered site has shares") }
        if isSame(old.first) {
            if old.first.count > 1 {
                shares[slot]?.first.count -= 1
            } else if old.others.isEmpty {
                shares[slot] = nil
                numbers[site] = nil
                freeNumbers.append(number)
            } else {
                shares[slot] = Shares(first: old.others[0], others: Array(old.others.dropFirst()))
            }
        } else if let index = old.others.firstIndex(where: isSame) {
            if old.others[index].count > 1 {
                shares[slot]?.others[index].count -= 1
            } else {
                shares[slot]?.others.remove(at: index)
            }
        }
    }

    /// Checks that shares count exactly the claims, and that each number is a site's or free. O(claims).
    func checkInvariants() {
        var counts: [Int32: Int] = [:]
        for claim in claims.keys { counts[claim.site, default: 0] += 1 }
        precondition(counts.count == numbers.count, "each site has claims")
        precondition(Set(numbers.values).count == numbers.count, "no two sites share a number")
        precondition(numbers.count + freeNumbers.count == shares.count, "each number is a site's or free")
        for number in numbers.values {
            guard let entry = shares[Int(number)] else { preconditionFailure("a numbered site has shares") }
            let all = [entry.first] + entry.others
            precondition(all.allSatisfy { $0.count > 0 } && all.reduce(0) { $0 + $1.count } == counts[number])
        }
    }
}
