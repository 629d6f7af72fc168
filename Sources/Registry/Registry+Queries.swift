import ProxyModel
import RegistryProtocol

extension Registry {
    /// BACKEND_TEST, on the health path of a route with that backend where there is one. O(routes of the session).
    mutating func testBackend(_ backend: BackendURL, of key: SessionKey, _ request: Request) -> Outcome {
        let path = healthPath(of: backend, key)
        act(.testBackend(backend, path: path, begin(.backendTest(request))))
        return .later
    }

    /// How a `testBackend` went.
    public mutating func backendTested(
        _ token: EffectToken, _ report: BackendTestReport, now: Moment
    ) -> [RegistryAction] {
        guard case .backendTest(let request)? = effects.removeValue(forKey: token) else { return takeActions() }
        var object = JSONObject()
        switch report {
        case .reachable(let responseTime, let statusCode, let tlsValid):
            object.set("reachable", true)
            object.set("response_time_ms", responseTime.roundedMilliseconds)
            object.set("status_code", statusCode)
            object.set("tls_valid", tlsValid)
            reply(to: request, Reply.json("BACKEND_OK", request.transactionID, object))
        case .unreachable(let reason):
            object.set("reachable", false)
            object.set("error", reason)
            reply(to: request, Reply.json("BACKEND_FAIL", request.transactionID, object))
        }
        return takeActions()
    }

    /// STATS_GET.
    mutating func statistics(
        _ target: StatsTarget, of key: SessionKey, compressed: Bool, _ request: Request
    ) throws(RegistryError) -> Outcome {
        var routes: [RouteID] = []
        switch target {
        case .none, .all: routes = sessions[key]?.active.routes.keys.sorted() ?? []
        case .route(let id):
            try checkActive(id, of: key)
            routes = [id]
        }
        act(.queryStatistics(routes, begin(.statistics(request, target, routes, compressed: compressed))))
        return .later
    }

    /// The answer to a `queryStatistics`: the figures of its routes (one that is missing had no traffic) and their sum.
    public mutating func statisticsRead(
        _ token: EffectToken, routes: [RouteID: TrafficReport], total: TrafficReport, now: Moment
    ) -> [RegistryAction] {
        guard case .statistics(let request, let target, let ids, let compressed)? = effects.removeValue(forKey: token)
        else { return takeActions() }
        let compression = Reply.Compression(requested: compressed)
        let objects = ids.map { (routes[$0] ?? TrafficReport()).object(named: $0.description) }
        let line: String
        switch target {
        case .none: line = Reply.json("STATS_OK", request.transactionID, objects, compression: compression)
        case .all:
            var object = total.object(named: "ALL")
            object.set("routes", objects)
            line = Reply.json("STATS_OK", request.transactionID, object, compression: compression)
        case .route:
            let object = objects.first ?? JSONObject()
            line = Reply.json("STATS_OK", request.transactionID, object, compression: compression)
        }
        reply(to: request, line)
        return takeActions()
    }

    /// CIRCUIT_BREAKER_STATUS.
    mutating func circuitStatus(
        of id: RouteID, _ key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        try checkActive(id, of: key)
        act(.queryCircuit(id, begin(.circuitStatus(request))))
        return .later
    }

    /// The answer to a `queryCircuit`; `nil` where the route has no breaker, which is always closed.
    public mutating func circuitRead(
        _ token: EffectToken, _ report: CircuitReport?, now: Moment
    ) -> [RegistryAction] {
        guard case .circuitStatus(let request)? = effects.removeValue(forKey: token) else { return takeActions() }
        let report = report ?? CircuitReport()
        var object = JSONObject()
        object.set("state", report.state.rawValue)
        object.set("failures", report.failures)
        object.set("last_failure", report.lastFailure?.rfc3339)
        object.set("next_attempt", report.nextAttempt?.rfc3339)
        reply(to: request, Reply.json("CIRCUIT_STATUS_OK", request.transactionID, object))
        return takeActions()
    }

    /// CIRCUIT_BREAKER_RESET.
    mutating func resetCircuits(
        _ target: SettingTarget, _ key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        var routes: [RouteID] = []
        switch target {
        case .all: routes = sessions[key]?.active.routes.keys.sorted() ?? []
        case .route(let id):
            try checkActive(id, of: key)
            routes = [id]
        }
        act(.resetCircuits(routes, begin(.circuitReset(request))))
        return .later
    }

    /// A `resetCircuits` is done everywhere.
    public mutating func circuitsReset(_ token: EffectToken, now: Moment) -> [RegistryAction] {
        guard case .circuitReset(let request)? = effects.removeValue(forKey: token) else { return takeActions() }
        reply(to: request, Reply.line("CIRCUIT_OK", request.transactionID))
        return takeActions()
    }

    /// Checks that the session has an active route of this id.
    func checkActive(_ id: RouteID, of key: SessionKey) throws(RegistryError) {
        guard let session = sessions[key], session.active.routes[id] == nil else { return }
        throw session.staging.routes[id] == nil ? .routeNotFound : .routeNotActive(id)
    }

    private func healthPath(of backend: BackendURL, _ key: SessionKey) -> String? {
        guard let active = sessions[key]?.active else { return nil }
        // The lowest number wins, so that the answer does not depend on the order in a dictionary.
        let ids = active.routes.lazy.filter { $0.value.backend == backend }.map(\.key)
        guard let id = ids.min() else { return nil }
        return active.settings(of: id, backend: backend, over: active.commonSettings).healthCheck.path
    }
}

extension TrafficReport {
    /// As STATS_GET shows it.
    func object(named name: String) -> JSONObject {
        var codes = JSONObject()
        for (code, count) in statusCodes.sorted(by: { $0.key < $1.key }) { codes.set(String(code), count) }
        var object = JSONObject()
        object.set("route_id", name)
        object.set("requests", requests)
        object.set("errors", errors)
        object.set("avg_latency_ms", averageLatency.roundedMilliseconds)
        object.set("p95_latency_ms", p95Latency.roundedMilliseconds)
        object.set("p99_latency_ms", p99Latency.roundedMilliseconds)
        object.set("bytes_sent", bytesSent)
        object.set("bytes_received", bytesReceived)
        object.set("status_codes", codes)
        return object
    }
}

extension Duration {
    /// The duration in milliseconds, rounded to the nearest; at least 1 where it is not zero.
    var roundedMilliseconds: Int64 {
        guard self > .zero else { return 0 }
        return max(1, (clampedNanoseconds + 500_000) / 1_000_000)
    }
}
