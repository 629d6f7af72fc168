import ProxyModel
import RegistryProtocol

extension Registry {
    /// ROUTE_ADD.
    mutating func addRoute(
        _ route: RouteSpecification, to key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        try checkRoom(for: [route], in: key, request)
        let id = stage(route, in: key)
        noteStaging(of: key, request)
        return request.answer("ROUTE_OK", id.description)
    }

    /// ROUTE_ADD_BULK: all or none.
    mutating func addRoutes(
        _ routes: [RouteSpecification], to key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        try checkRoom(for: routes, in: key, request)
        var results: [JSONObject] = []
        for route in routes {
            var result = JSONObject()
            result.set("route_id", stage(route, in: key).description)
            result.set("status", "ok")
            results.append(result)
        }
        if !routes.isEmpty { noteStaging(of: key, request) }
        return request.answer("ROUTE_BULK_OK", json: results)
    }

    /// ROUTE_UPDATE.
    mutating func updateRoute(
        _ id: RouteID, _ change: RouteChange, of key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        let active = sessions[key]?.active.routes[id]
        let staged = sessions[key]?.staging.routes[id]
        guard staged != .removed else { throw .routeStagedForRemoval(id) }
        guard var route = staged?.specification ?? active else { throw .routeNotFound }
        switch change {
        case .backend(let backend): route.backend = backend
        case .priority(let priority): route.priority = priority
        case .domains(let domains): route.domains = domains
        case .path(let path): route.path = path
        }
        try checkDomains(of: route)
        try checkRoom(forChanges: 1, in: key, request)
        if active == nil {
            sessions[key]?.staging.stage(.added(route), of: id)
        } else {
            // A change back to what is in force is none.
            sessions[key]?.staging.stage(route == active ? nil : .updated(route), of: id)
        }
        noteStaging(of: key, request)
        return request.answer("ROUTE_OK")
    }

    /// ROUTE_REMOVE. A route's staged settings leave with it.
    mutating func removeRoute(
        _ id: RouteID, of key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        if sessions[key]?.active.routes[id] != nil {
            try checkRoom(forChanges: 1, in: key, request)
            sessions[key]?.staging.stage(.removed, of: id)
        } else if sessions[key]?.staging.routes[id] != nil {
            sessions[key]?.staging.stage(nil, of: id)
            routeCount -= 1
        } else {
            throw .routeNotFound
        }
        sessions[key]?.staging.dropSettings(of: .route(id))
        noteStaging(of: key, request)
        return request.answer("ROUTE_OK")
    }

    /// HEADERS_SET, HEADERS_REMOVE, OPTIONS_SET, OPTIONS_REMOVE, HEALTH_SET, RATELIMIT_SET and CIRCUIT_BREAKER_SET.
    mutating func stageSetting(
        _ command: Command, of key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        try checkRoom(forChanges: 1, in: key, request)
        let target: SettingTarget
        let answer: String
        let change: (inout SettingChanges) -> Void
        switch command {
        case .headersSet(let given, let header):
            (target, answer) = (given, "HEADERS_OK")
            change = { $0.headers[header.lowercasedName] = .set(header) }
        case .headersRemove(let given, let name):
            (target, answer) = (given, "HEADERS_OK")
            change = { $0.headers[name.asciiLowercased] = .remove }
        case .optionsSet(let given, let option):
            (target, answer) = (given, "OPTIONS_OK")
            change = { $0.options[option.key] = .set(option) }
        case .optionsRemove(let given, let option):
            (target, answer) = (given, "OPTIONS_OK")
            change = { $0.options[option] = .remove }
        case .healthSet(let id, let health):
            (target, answer) = (.route(id), "HEALTH_OK")
            change = { $0.set(health) }
        case .rateLimitSet(let given, let limit):
            (target, answer) = (given, "RATELIMIT_OK")
            change = { $0.rateLimit = limit }
        case .circuitBreakerSet(let given, let breaker):
            (target, answer) = (given, "CIRCUIT_OK")
            change = { $0.circuitBreaker = breaker }
        default: preconditionFailure("only commands that set something get here")
        }
        sessions[key]?.staging.changeSettings(of: target, change)
        noteStaging(of: key, request)
        return request.answer(answer)
    }

    /// CONFIG_ROLLBACK.
    mutating func rollBack(_ key: SessionKey, _ request: Request) -> Outcome {
        clearStaging(of: key)
        return request.answer("OK")
    }

    /// The staged changes of a session are too old.
    mutating func stagedExpiryElapsed(of key: SessionKey) {
        guard let session = sessions[key], !session.staging.isEmpty else { return }
        log(
            .info,
            "Staged changes expired: \(session.staging.count) of \(session.service) at \(session.instance) "
                + "(session: \(session.logID))")
        clearStaging(of: key)
        var payload = JSONObject()
        payload.set("reason", "staged_expired")
        sendEvent(.globalConfigChanged, payload, to: key)
    }

    /// Forgets what a session staged.
    mutating func clearStaging(of key: SessionKey) {
        guard let count = sessions[key]?.staging.additionCount else { return }
        routeCount -= count
        sessions[key]?.staging = StagingArea()
        timers.cancel(.staged(key))
    }

    private mutating func stage(_ route: RouteSpecification, in key: SessionKey) -> RouteID {
        let id = RouteID(number: nextRouteNumber)
        nextRouteNumber += 1
        routeCount += 1
        sessions[key]?.staging.stage(.added(route), of: id)
        return id
    }

    /// Notes that a command staged something: its bytes count, and the staged changes live for another while.
    private mutating func noteStaging(of key: SessionKey, _ request: Request) {
        if sessions[key]?.staging.isEmpty == true {
            clearStaging(of: key)
        } else {
            sessions[key]?.staging.bytes += request.bytes
            timers.set(.staged(key), at: request.now.monotonic + configuration.stagedExpiry)
        }
    }

    private func checkRoom(
        for routes: [RouteSpecification], in key: SessionKey, _ request: Request
    ) throws(RegistryError) {
        let limits = configuration.limits
        for route in routes { try checkDomains(of: route) }
        guard (sessions[key]?.routeCount ?? 0) + routes.count <= limits.routesPerSession else {
            throw .limit(of: "routes of one session", limits.routesPerSession)
        }
        guard routeCount + routes.count <= limits.routes else { throw .limit(of: "routes", limits.routes) }
        try checkRoom(forChanges: routes.count, in: key, request)
    }

    private func checkRoom(
        forChanges changes: Int, in key: SessionKey, _ request: Request
    ) throws(RegistryError) {
        let limits = configuration.limits
        guard let session = sessions[key] else { return }
        guard session.staging.count + changes <= limits.stagedChanges else {
            throw .limit(of: "staged changes", limits.stagedChanges)
        }
        guard session.staging.bytes + request.bytes <= limits.stagedBytes else {
            throw .limit(of: "bytes of staged changes", limits.stagedBytes)
        }
    }

    private func checkDomains(of route: RouteSpecification) throws(RegistryError) {
        let most = configuration.limits.domainsPerRoute
        guard route.domains.count <= most else { throw .limit(of: "domains of one route", most) }
    }
}
