import ProxyModel
import Registry

extension Oracle {
    private static let kinds = [
        "h": "headers", "o": "options", "health": "health", "rate": "ratelimit", "circuit": "circuit_breaker",
    ]
    static let allScopes: Set<String> = ["routes", "headers", "options", "health", "ratelimit", "circuit_breaker"]

    /// The scope that a setting's name belongs to.
    static func scope(of name: String) -> String {
        kinds[String(name.prefix { $0 != ":" })] ?? ""
    }

    mutating func noteStaging(_ number: Int, now: MonotonicTime) {
        sessions[number]?.stagedUntil = now + configuration.stagedExpiry
    }

    mutating func add(_ routes: [Route], to number: Int, now: MonotonicTime) -> [UInt64]? {
        guard let session = sessions[number] else { return nil }
        let staged = session.staged.values.filter { if case .added = $0 { true } else { false } }.count
        guard session.routes.count + staged + routes.count <= configuration.limits.routesPerSession else { return nil }
        var ids: [UInt64] = []
        for route in routes {
            sessions[number]?.staged[nextRoute] = .added(route)
            ids.append(nextRoute)
            nextRoute += 1
        }
        if !ids.isEmpty { noteStaging(number, now: now) }
        return ids
    }

    mutating func update(
        _ id: UInt64, in number: Int, now: MonotonicTime, _ change: (inout Route) -> Void
    ) -> String {
        guard let session = sessions[number] else { return "" }
        if session.staged[id] == .removed {
            return "ERROR|route r\(id) is staged for removal: CONFIG_ROLLBACK first"
        }
        guard var route = session.staged[id]?.route ?? session.routes[id] else { return "ERROR|route not found" }
        change(&route)
        if let active = session.routes[id] {
            sessions[number]?.staged[id] = route == active ? nil : .updated(route)
        } else {
            sessions[number]?.staged[id] = .added(route)
        }
        noteStaging(number, now: now)
        return "ROUTE_OK"
    }

    mutating func remove(_ id: UInt64, in number: Int, now: MonotonicTime) -> String {
        guard let session = sessions[number] else { return "" }
        if session.routes[id] != nil {
            sessions[number]?.staged[id] = .removed
        } else if session.staged[id] != nil {
            sessions[number]?.staged[id] = nil
        } else {
            return "ERROR|route not found"
        }
        sessions[number]?.stagedSettings[id] = nil
        noteStaging(number, now: now)
        return "ROUTE_OK"
    }

    mutating func set(_ name: String, _ value: String?, target: UInt64, in number: Int, now: MonotonicTime) {
        sessions[number]?.stagedSettings[target, default: [:]].updateValue(value, forKey: name)
        noteStaging(number, now: now)
    }

    /// Whether an apply of these scopes succeeds.
    func isValid(_ scopes: Set<String>, in number: Int) -> Bool {
        guard let session = sessions[number] else { return false }
        if scopes.contains("routes") {
            let final = finalRoutes(session)
            var seen: Set<String> = []
            for route in final.values {
                for domain in route.domains {
                    guard seen.insert("\(domain) \(route.path) \(route.priority)").inserted else { return false }
                }
            }
            if configuration.ownership == .first {
                for route in session.staged.values.compactMap(\.route) where isForeign(route, to: session) {
                    return false
                }
            }
        }
        for (target, changes) in session.stagedSettings where target != 0 {
            guard changes.keys.contains(where: { scopes.contains(Self.scope(of: $0)) }) else { continue }
            switch session.staged[target] {
            case .removed: return false
            case .added where !scopes.contains("routes"): return false
            case nil where session.routes[target] == nil: return false
            default: break
            }
        }
        return true
    }

    private func finalRoutes(_ session: Session) -> [UInt64: Route] {
        var final = session.routes
        for (id, change) in session.staged { final[id] = change.route }
        return final
    }

    private func isForeign(_ route: Route, to session: Session) -> Bool {
        sessions.values.contains { other in
            other.service != session.service
                && other.routes.values.contains { theirs in
                    theirs.path == route.path && theirs.domains.contains { route.domains.contains($0) }
                }
        }
    }

    /// Carries out a valid apply.
    mutating func apply(_ scopes: Set<String>, in number: Int) {
        guard var session = sessions[number] else { return }
        if scopes.contains("routes") {
            if let predecessor = session.predecessor { end(predecessor) }
            session.predecessor = nil
            for (id, change) in session.staged {
                if session.routes[id] == nil, let later = session.maintenanceLater { session.maintenance[id] = later }
                if change == .removed {
                    session.settings[id] = nil
                    session.maintenance[id] = nil
                }
            }
            session.routes = finalRoutes(session)
            session.staged = [:]
        }
        for (target, changes) in session.stagedSettings {
            for (name, value) in changes where scopes.contains(Self.scope(of: name)) {
                session.settings[target, default: [:]][name] = value
                session.stagedSettings[target]?.removeValue(forKey: name)
            }
            if session.stagedSettings[target]?.isEmpty == true { session.stagedSettings[target] = nil }
        }
        sessions[number] = session
    }

    /// What CONFIG_DIFF answers.
    func diff(_ number: Int) -> String {
        guard let session = sessions[number] else { return "" }
        func ids(_ isIncluded: (Change) -> Bool) -> String {
            session.staged.filter { isIncluded($0.value) }.keys.sorted().map { "\"r\($0)\"" }.joined(separator: ",")
        }
        let added = ids { if case .added = $0 { true } else { false } }
        let modified = ids { if case .updated = $0 { true } else { false } }
        let changes = session.stagedSettings.values.flatMap { $0.map { $0 } }
        func count(_ scope: String) -> Int { changes.filter { Self.scope(of: $0.key) == scope }.count }
        let removedHeaders = changes.filter { Self.scope(of: $0.key) == "headers" && $0.value == nil }.count
        return "DIFF_OK|{\"routes\":{\"added\":[\(added)],\"removed\":[\(ids { $0 == .removed })],"
            + "\"modified\":[\(modified)]},\"headers\":{\"added\":\(count("headers") - removedHeaders),"
            + "\"removed\":\(removedHeaders)},\"options\":{\"modified\":\(count("options"))},"
            + "\"health\":{\"modified\":\(count("health"))},\"ratelimit\":{\"modified\":\(count("ratelimit"))},"
            + "\"circuit_breaker\":{\"modified\":\(count("circuit_breaker"))}}"
    }

    /// What ROUTE_LIST answers.
    func list(_ number: Int) -> String {
        guard let session = sessions[number] else { return "" }
        func options(_ id: UInt64) -> String {
            var shown: [String] = []
            if let path = setting("health", of: id, in: session) {
                shown = [
                    "\"health_check_interval\":\"10s\",\"health_check_timeout\":\"2s\",\"health_check_path\":\"\(path)\""
                ]
            }
            if let weight = setting("o:weight", of: id, in: session) { shown.append("\"weight\":\"\(weight)\"") }
            return shown.isEmpty ? "" : ",\"options\":{\(shown.joined(separator: ","))}"
        }
        func entry(_ id: UInt64, _ route: Route, _ status: String) -> String {
            let shown = status == "staged" ? "" : options(id)
            let domains = route.domains.map { "\"\($0)\"" }.joined(separator: ",")
            return "{\"route_id\":\"r\(id)\",\"domains\":[\(domains)],\"path\":\"\(route.path)\","
                + "\"backend\":\"\(route.backend)\",\"priority\":\(route.priority),\"status\":\"\(status)\","
                + "\"id\":\"r\(id)\"\(shown)}"
        }
        var entries: [String] = []
        for id in Set(session.routes.keys).union(session.staged.keys).sorted() {
            if let route = session.routes[id] {
                entries.append(entry(id, route, session.staged[id] == .removed ? "pending_removal" : "active"))
            }
            if let route = session.staged[id]?.route { entries.append(entry(id, route, "staged")) }
        }
        return "ROUTE_LIST_OK|[\(entries.joined(separator: ","))]"
    }
}
