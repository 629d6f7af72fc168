import ProxyModel
import RegistryProtocol

extension Registry {
    /// CONFIG_VALIDATE.
    mutating func validateStaged(_ key: SessionKey, _ request: Request) throws(RegistryError) -> Outcome {
        try validate(Set(ConfigScope.allCases), of: key)
        reportConflicts(conflicts(of: key), of: key, isApplied: false)
        return request.answer("OK")
    }

    /// Finds what only the whole shows: mistakes between staged changes, and with what is in force. O(staged changes).
    func validate(_ scopes: Set<ConfigScope>, of key: SessionKey) throws(RegistryError) {
        guard let session = sessions[key] else { throw .invalidSession }
        var mistakes = Mistakes(limit: configuration.limits.reportedMistakes)
        if scopes.contains(.routes) { findRouteMistakes(session, &mistakes) }
        findSettingMistakes(session, scopes, &mistakes)
        try mistakes.throwIfAny()
    }

    /// Duplicates within the session and sites that another service owns.
    private func findRouteMistakes(_ session: Session, _ mistakes: inout Mistakes) {
        var claimed: [RouteIndex.Site: [(priority: Int, id: RouteID)]] = [:]
        for (id, change) in session.staging.routes.sorted(by: { $0.key < $1.key }) {
            guard let route = change.specification else { continue }
            for domain in route.domains {
                let site = RouteIndex.Site(domain: domain, path: route.path.text)
                let staged = claimed[site]?.first { $0.priority == route.priority }?.id
                if let other = staged ?? activeRoute(of: session, at: site, route.priority) {
                    mistakes.add(
                        "route \(id): same domain, path and priority as route \(other) "
                            + "(\(site.text), priority \(route.priority))")
                    break
                }
                if configuration.ownership == .first, let owner = index.owner(of: site), owner != session.service {
                    mistakes.add("route \(id): \(site.text) belongs to service \(owner)")
                    break
                }
                claimed[site, default: []].append((route.priority, id))
            }
        }
    }

    /// The session's active route that stays at this site with this priority.
    private func activeRoute(of session: Session, at site: RouteIndex.Site, _ priority: Int) -> RouteID? {
        guard let id = index.route(of: session.key, at: site, priority: priority),
            session.staging.routes[id] == nil
        else { return nil }
        return id
    }

    /// Settings for routes that are not there, too many headers, and `http3` without TLS.
    private func findSettingMistakes(_ session: Session, _ scopes: Set<ConfigScope>, _ mistakes: inout Mistakes) {
        for (target, given) in session.staging.settings.sorted(by: { $0.key.order < $1.key.order }) {
            var rest = given
            let changes = rest.take(scopes)
            guard changes.count > 0 else { continue }
            if case .route(let id) = target {
                let kinds = changes.scopes.map(\.rawValue).sorted().joined(separator: ", ")
                switch session.staging.routes[id] {
                case .removed?:
                    mistakes.add("route \(id): \(kinds) staged for a route that is staged for removal")
                    continue
                case .added? where !scopes.contains(.routes):
                    mistakes.add(
                        "route \(id): staged and not applied yet, its \(kinds) stay staged: apply routes too")
                    continue
                case nil where session.active.routes[id] == nil:
                    mistakes.add("route \(id): \(kinds) staged for a route that does not exist")
                    continue
                case .added?, .updated?, nil: break
                }
            }
            if changes.options[.http3] == .set(.http3(true)), !configuration.hasTLS {
                mistakes.add("\(target.label): http3 needs TLS, and this proxy has no TLS listener")
            }
            let most = configuration.limits.headersPerTarget
            if !changes.headers.isEmpty, headerCount(session, target, after: changes) > most {
                mistakes.add("\(target.label): too many headers (limit \(most))")
            }
        }
    }

    private func headerCount(_ session: Session, _ target: SettingTarget, after changes: SettingChanges) -> Int {
        var overrides =
            switch target {
            case .all: session.active.common
            case .route(let id): session.active.own[id] ?? SettingOverrides()
            }
        changes.apply(to: &overrides)
        return overrides.headers.count
    }
}

/// The mistakes that a validation found: the first few by name, the others by number.
private struct Mistakes {
    private let limit: Int
    private var texts: [String] = []
    private var more = 0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func add(_ text: @autoclosure () -> String) {
        if texts.count < limit { texts.append(text()) } else { more += 1 }
    }

    func throwIfAny() throws(RegistryError) {
        guard texts.isEmpty else { throw .mistakes(texts, more: more) }
    }
}

extension SettingTarget {
    /// The order in which targets are gone through: ALL, then routes by number.
    var order: UInt64 {
        switch self {
        case .all: 0
        case .route(let id): id.number
        }
    }

    /// As an error message begins: `ALL` or `route r1`.
    var label: String {
        switch self {
        case .all: "ALL"
        case .route(let id): "route \(id)"
        }
    }
}
