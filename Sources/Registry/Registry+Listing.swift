import ProxyModel
import RegistryProtocol

extension Registry {
    /// ROUTE_LIST: active and staged routes by number; an updated one comes as it is and as it will be. An active one for
    /// which options hold shows them.
    func listRoutes(of key: SessionKey, compressed: Bool, _ request: Request) -> Outcome {
        var entries: [(id: RouteID, entry: JSONObject)] = []
        if let session = sessions[key] {
            let staged = session.staging.routes
            for (id, route) in session.active.routes {
                let status = staged[id] == .removed ? "pending_removal" : "active"
                var entry = Self.entry(id, route, status: status)
                let options = session.active.options(of: id)
                if !options.isEmpty { entry.set("options", Self.object(of: options)) }
                entries.append((id, entry))
            }
            entries.sort { $0.id < $1.id }
            var stagedEntries: [(id: RouteID, entry: JSONObject)] = []
            for (id, change) in staged {
                guard let route = change.specification else { continue }
                stagedEntries.append((id, Self.entry(id, route, status: "staged")))
            }
            stagedEntries.sort { $0.id < $1.id }
            entries = Self.merge(entries, stagedEntries)
        }
        return request.answer(
            "ROUTE_LIST_OK", json: entries.map(\.entry), compression: Reply.Compression(requested: compressed))
    }

    /// CONFIG_DIFF.
    func diff(_ key: SessionKey, _ request: Request) -> Outcome {
        let staging = sessions[key]?.staging ?? StagingArea()
        var (added, removed, modified): ([RouteID], [RouteID], [RouteID]) = ([], [], [])
        for (id, change) in staging.routes {
            switch change {
            case .added: added.append(id)
            case .removed: removed.append(id)
            case .updated: modified.append(id)
            }
        }
        var routes = JSONObject()
        routes.set("added", added.sorted().map(\.description))
        routes.set("removed", removed.sorted().map(\.description))
        routes.set("modified", modified.sorted().map(\.description))
        let settings = staging.settings.values
        var headers = JSONObject()
        headers.set("added", settings.reduce(0) { $0 + $1.headers.values.count { $0 != .remove } })
        headers.set("removed", settings.reduce(0) { $0 + $1.headers.values.count { $0 == .remove } })
        var object = JSONObject()
        object.set("routes", routes)
        object.set("headers", headers)
        object.set("options", Self.modified(settings.reduce(0) { $0 + $1.options.count }))
        object.set("health", Self.modified(settings.count { $0.health != nil }))
        object.set("ratelimit", Self.modified(settings.count { $0.rateLimit != nil }))
        object.set("circuit_breaker", Self.modified(settings.count { $0.circuitBreaker != nil }))
        return request.answer("DIFF_OK", json: object)
    }

    private static func object(of options: [RouteOption.Key: RouteOption]) -> JSONObject {
        var object = JSONObject()
        for key in RouteOption.Key.allCases { options[key].map { object.set(key.rawValue, $0.valueText) } }
        return object
    }

    private static func modified(_ count: Int) -> JSONObject {
        var object = JSONObject()
        object.set("modified", count)
        return object
    }

    private static func entry(_ id: RouteID, _ route: RouteSpecification, status: String) -> JSONObject {
        var object = JSONObject()
        object.set("route_id", id.description)
        object.set("domains", route.domains.map(\.description))
        object.set("path", route.path.original)
        object.set("backend", route.backend.description)
        object.set("priority", route.priority)
        object.set("status", status)
        object.set("id", id.description)
        return object
    }

    /// Both lists in one by number; of two with the same number the first list's comes first.
    private static func merge(
        _ first: [(id: RouteID, entry: JSONObject)], _ second: [(id: RouteID, entry: JSONObject)]
    ) -> [(id: RouteID, entry: JSONObject)] {
        var merged: [(id: RouteID, entry: JSONObject)] = []
        merged.reserveCapacity(first.count + second.count)
        var rest = second[...]
        for element in first {
            while let next = rest.first, next.id < element.id { merged.append(rest.removeFirst()) }
            merged.append(element)
        }
        return merged + rest
    }
}
