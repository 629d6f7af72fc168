import ProxyModel
import Registry

extension Simulation {
    /// Everything that must hold between two steps.
    func check() {
        registry.checkInvariants()
        let active = oracle.active
        require(registry.activeRouteCount == active.count, "\(registry.activeRouteCount) routes, not \(active.count)")
        require(served.count == active.count, "the workers serve \(served.count) routes, not \(active.count)")
        require(registry.sessionCount == oracle.sessions.count, "the number of sessions differs")
        require(registry.connectionCount == peers.count, "the number of connections differs")
        for (number, (session, route)) in active {
            guard let definition = served[RouteID(number: number)], let owner = oracle.sessions[session] else {
                require(false, "r\(number) is not served")
                return
            }
            check(definition, number, route, owner)
            guard let state = states[definition.session] else {
                require(false, "the workers do not know the session of r\(number)")
                return
            }
            require(state.connected == owner.countsAsConnected, "r\(number): its session's presence is wrong")
            require(state.drain?.startedAt == owner.drainStart, "r\(number): its session's drain is wrong")
        }
    }

    private func check(
        _ definition: RouteDefinition, _ number: UInt64, _ route: Oracle.Route, _ session: Oracle.Session
    ) {
        require(definition.domains.map(\.description) == route.domains, "r\(number): wrong domains")
        require(definition.path.text == route.path, "r\(number): wrong path")
        require(definition.backend.description == route.backend, "r\(number): wrong backend")
        require(definition.priority == route.priority, "r\(number): wrong priority")
        require(definition.service == session.service, "r\(number): wrong service")
        let settings = definition.settings
        for name in ["x-a", "x-b"] {
            let shown = settings.responseHeaders.filter { $0.lowercasedName == name }.map(\.value)
            let expected = oracle.setting("h:\(name)", of: number, in: session).map { [$0] } ?? []
            require(shown == expected, "r\(number): header \(name) is \(shown), not \(expected)")
        }
        let weight = oracle.setting("o:weight", of: number, in: session) ?? "100"
        require(String(settings.weight) == weight, "r\(number): weight is \(settings.weight), not \(weight)")
        let rate = oracle.setting("rate", of: number, in: session)
        require(settings.rateLimit.map { String($0.requests) } == rate, "r\(number): wrong rate limit")
        let circuit = oracle.setting("circuit", of: number, in: session)
        require(settings.circuitBreaker.map { String($0.threshold) } == circuit, "r\(number): wrong circuit breaker")
        let health = oracle.setting("health", of: number, in: session)
        require(settings.healthCheck.path == health, "r\(number): wrong health check")
        let page = session.maintenance[number]?.backend
        require(definition.maintenance.map { $0.backend?.description ?? "" } == page, "r\(number): wrong maintenance")
    }
}
