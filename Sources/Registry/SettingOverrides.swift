import ProxyModel
import RegistryProtocol

/// What a session set for one route or for ALL.
struct SettingOverrides: Hashable, Sendable {
    /// Response headers in the order in which they were first set, each name once.
    var headers: [HeaderField] = []
    /// Options, and what HEALTH_SET said, which is a short form of three of them.
    var options: [RouteOption.Key: RouteOption] = [:]
    /// The rate limit.
    var rateLimit: RateLimit?
    /// The circuit breaker.
    var circuitBreaker: CircuitBreakerSettings?

    /// Whether nothing is set.
    var isEmpty: Bool { headers.isEmpty && options.isEmpty && rateLimit == nil && circuitBreaker == nil }

    /// Sets a header, replacing the one of that name.
    mutating func set(_ header: HeaderField) {
        let name = header.lowercasedName
        if let index = headers.firstIndex(where: { $0.lowercasedName == name }) {
            headers[index] = header
        } else {
            headers.append(header)
        }
    }

    /// Removes the header of this lower-case name, if there is one.
    mutating func removeHeader(_ name: String) {
        headers.removeAll { $0.lowercasedName == name }
    }

    /// Lays these settings over others.
    func overlay(_ settings: inout RouteSettings) {
        for option in options.values { settings.apply(option) }
        if let rateLimit { settings.rateLimit = rateLimit }
        if let circuitBreaker { settings.circuitBreaker = circuitBreaker }
        for header in headers {
            let name = header.lowercasedName
            if let index = settings.responseHeaders.firstIndex(where: { $0.lowercasedName == name }) {
                settings.responseHeaders[index] = header
            } else {
                settings.responseHeaders.append(header)
            }
        }
    }
}

/// The routes and settings that a session has in force.
struct ActiveConfiguration: Sendable {
    /// The routes.
    var routes = RouteTable()
    /// What is set for ALL.
    var common = SettingOverrides()
    /// What is set for single routes, for those that have any.
    var own: [RouteID: SettingOverrides] = [:]

    /// The effective settings of a route for which nothing of its own is set: those of ALL over the defaults.
    var commonSettings: RouteSettings {
        var settings = RouteSettings.standard
        common.overlay(&settings)
        return settings
    }

    /// The effective settings of a route: its own over those of ALL over the defaults.
    ///
    /// - Parameter common: ``commonSettings``, computed once for many routes, which then share its storage.
    func settings(of id: RouteID, backend: BackendURL, over common: RouteSettings) -> RouteSettings {
        var settings = common
        if backend.scheme.isWebSocket, settings.websocket == nil { settings.websocket = true }
        own[id]?.overlay(&settings)
        return settings
    }

    /// The options that hold for a route: its own over those of ALL.
    func options(of id: RouteID) -> [RouteOption.Key: RouteOption] {
        guard let own = own[id] else { return common.options }
        return common.options.merging(own.options) { $1 }
    }

    /// Changes what is set for ALL.
    mutating func change(_ body: (inout SettingOverrides) -> Void) {
        body(&common)
    }

    /// Changes what is set for a route.
    mutating func change(_ id: RouteID, _ body: (inout SettingOverrides) -> Void) {
        var overrides = own.removeValue(forKey: id) ?? SettingOverrides()
        body(&overrides)
        if !overrides.isEmpty { own[id] = overrides }
    }
}
