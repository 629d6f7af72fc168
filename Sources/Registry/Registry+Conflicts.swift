import ProxyModel
import RegistryProtocol

/// A staged route of one service at a domain and path where another service has routes too.
struct Conflict: Sendable {
    /// Who gets the requests.
    enum Kind: String, Sendable {
        /// Both share them.
        case contested
        /// The other one, as long as it can.
        case shadowed
        /// The route itself; the other one only when this cannot.
        case shadowing

        /// As the other side sees it.
        var mirrored: Kind {
            switch self {
            case .contested: .contested
            case .shadowed: .shadowing
            case .shadowing: .shadowed
            }
        }
    }

    /// The route.
    var route: RouteID
    /// Its priority.
    var priority: Int
    /// Where.
    var site: RouteIndex.Site
    /// What the other service has there.
    var other: RouteIndex.Share

    /// Who gets the requests.
    var kind: Kind {
        if other.priority == priority { return .contested }
        return other.priority > priority ? .shadowed : .shadowing
    }
}

extension Registry {
    /// What of a session's staged routes meets other services' active ones; a bounded number.
    func conflicts(of key: SessionKey) -> [Conflict] {
        guard let session = sessions[key], !session.staging.routes.isEmpty else { return [] }
        let most = configuration.limits.reportedConflicts
        var found: [Conflict] = []
        for (id, change) in session.staging.routes.sorted(by: { $0.key < $1.key }) {
            guard let route = change.specification else { continue }
            for domain in route.domains {
                let site = RouteIndex.Site(domain: domain, path: route.path.text)
                for share in index.shares(at: site, otherThan: session.service) {
                    guard found.count < most else { return found }
                    found.append(Conflict(route: id, priority: route.priority, site: site, other: share))
                }
            }
        }
        return found
    }

    /// Tells of conflicts: the session's owner, and once they are in force the log and the other services' owners too.
    mutating func reportConflicts(_ conflicts: [Conflict], of key: SessionKey, isApplied: Bool) {
        guard !conflicts.isEmpty, let service = sessions[key]?.service else { return }
        let listeners = isApplied ? conflictListeners() : [:]
        for conflict in conflicts {
            sendConflict(conflict.route, conflict, conflict.kind, with: conflict.other.service, to: key)
            guard isApplied else { continue }
            log(
                .warning,
                "Route \(conflict.kind.rawValue): \(conflict.route) of \(service) at \(conflict.site.text), priority "
                    + "\(conflict.priority), and \(conflict.other.service), priority \(conflict.other.priority)")
            for other in listeners[conflict.other.service, default: []] {
                guard let id = index.route(of: other, at: conflict.site, priority: conflict.other.priority) else {
                    continue
                }
                sendConflict(id, conflict, conflict.kind.mirrored, with: service, to: other)
            }
        }
    }

    /// The sessions that want to be told of conflicts, in order, by service.
    private func conflictListeners() -> [String: [SessionKey]] {
        let keys = subscribers[.routeConflict, default: []].sorted()
        return Dictionary(grouping: keys) { sessions[$0]?.service ?? "" }
    }

    private mutating func sendConflict(
        _ id: RouteID, _ conflict: Conflict, _ kind: Conflict.Kind, with service: String, to key: SessionKey
    ) {
        var payload = JSONObject()
        payload.set("route_id", id.description)
        payload.set("domain", conflict.site.domain.description)
        payload.set("path", conflict.site.path)
        payload.set("service", service)
        payload.set("kind", kind.rawValue)
        sendEvent(.routeConflict, payload, to: key)
    }
}
