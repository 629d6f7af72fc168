import ProxyModel
import RegistryProtocol

extension Registry {
    /// CONFIG_APPLY and CONFIG_APPLY_PARTIAL: validates, commits and publishes; answers `OK` once every worker serves it.
    ///
    /// O(staged changes), where a change of ALL's settings counts for every route of the session.
    mutating func apply(
        _ scopes: Set<ConfigScope>, of key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        try validate(scopes, of: key)
        let conflicts = scopes.contains(.routes) ? conflicts(of: key) : []
        guard let staged = sessions[key]?.staging.take(scopes) else { throw .invalidSession }
        let isEmpty = sessions[key]?.staging.isEmpty == true
        if isEmpty { clearStaging(of: key) }

        var delta = RoutingDelta()
        if scopes.contains(.routes) { replacePredecessor(of: key, now: request.now, into: &delta) }
        commitRoutes(staged, of: key, into: &delta)
        commitSettings(staged, of: key)
        delta.upserts = definitions(of: affectedRoutes(staged, of: key), key)
        if sessions[key]?.active.routes.isEmpty == false { announce(key, in: &delta) }
        sessions[key]?.lastApply = request.now.wall
        reportConflicts(conflicts, of: key, isApplied: true)
        return publish(delta, thenAnswer: request, Reply.line("OK", request.transactionID))
    }

    /// The first apply of a session takes the place of the superseded one's routes.
    private mutating func replacePredecessor(of key: SessionKey, now: Moment, into delta: inout RoutingDelta) {
        guard let predecessor = sessions[key]?.predecessor else { return }
        sessions[key]?.predecessor = nil
        end(predecessor, now: now, into: &delta)
    }

    /// Puts staged routes in force. Old values leave the index before new ones enter it: routes may swap places.
    private mutating func commitRoutes(_ staged: StagingArea, of key: SessionKey, into delta: inout RoutingDelta) {
        guard !staged.routes.isEmpty, let service = sessions[key]?.service else { return }
        let changes = staged.routes.sorted { $0.key < $1.key }
        for (id, change) in changes {
            guard let old = sessions[key]?.active.routes[id] else { continue }
            index.remove(id, old, session: key, service: service)
            guard change == .removed else { continue }
            sessions[key]?.active.routes[id] = nil
            sessions[key]?.active.own[id] = nil
            sessions[key]?.maintenance.routes[id] = nil
            owners[id] = nil
            routeCount -= 1
            delta.removals.append(id)
            log(.info, "Route removed: \(service) at \(Self.text(of: old))")
        }
        for (id, change) in changes {
            guard let route = change.specification else { continue }
            index.insert(id, route, session: key, service: service)
            let old = sessions[key]?.active.routes.updateValue(route, forKey: id)
            if old == nil {
                owners[id] = key
                if let entry = sessions[key]?.maintenance.later { sessions[key]?.maintenance.routes[id] = entry }
            }
            log(.info, "Route \(old == nil ? "added" : "updated"): \(service) at \(Self.text(of: route))")
        }
    }

    /// Puts staged settings in force.
    private mutating func commitSettings(_ staged: StagingArea, of key: SessionKey) {
        guard !staged.settings.isEmpty, let service = sessions[key]?.service else { return }
        for (target, changes) in staged.settings.sorted(by: { $0.key.order < $1.key.order }) {
            switch target {
            case .all: sessions[key]?.active.change { changes.apply(to: &$0) }
            case .route(let id): sessions[key]?.active.change(id) { changes.apply(to: &$0) }
            }
            for line in changes.logLines(target: target, service: service) { log(.info, line) }
        }
    }

    /// The routes that the workers have to learn anew, by number.
    private func affectedRoutes(_ staged: StagingArea, of key: SessionKey) -> [RouteID] {
        guard staged.settings[.all] == nil else { return (sessions[key]?.active.routes.keys.sorted()) ?? [] }
        var ids = Set(staged.routes.keys)
        for case .route(let id) in staged.settings.keys { ids.insert(id) }
        return ids.sorted()
    }

    /// Those of these routes that are active, as the workers see them.
    func definitions(of ids: [RouteID], _ key: SessionKey) -> [RouteDefinition] {
        sessions[key]?.definitions(of: ids) ?? []
    }

    /// Takes all routes of a session out of force. O(routes of the session).
    mutating func removeAllRoutes(of key: SessionKey, into delta: inout RoutingDelta) {
        guard let session = sessions[key] else { return }
        let routes = session.active.routes.sorted { $0.key < $1.key }
        for (id, route) in routes {
            index.remove(id, route, session: key, service: session.service)
            owners[id] = nil
            delta.removals.append(id)
        }
        routeCount -= routes.count
        sessions[key]?.active = ActiveConfiguration()
        sessions[key]?.maintenance = MaintenanceState()
    }

    /// A route as logs show it: `[api.example.com]/v2 -> http://api-v2:9000`.
    static func text(of route: RouteSpecification) -> String {
        let domains = route.domains.map(\.description).joined(separator: " ")
        return "[\(domains)]\(route.path.original) -> \(route.backend)"
    }
}
