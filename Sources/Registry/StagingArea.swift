import ProxyModel
import RegistryProtocol

/// What a session staged and did not apply yet.
struct StagingArea: Sendable {
    /// A staged change of one route.
    enum RouteChange: Hashable, Sendable {
        /// The route is new.
        case added(RouteSpecification)
        /// The active route gets these values.
        case updated(RouteSpecification)
        /// The active route goes.
        case removed

        /// The values that the route will have, `nil` where it goes.
        var specification: RouteSpecification? {
            switch self {
            case .added(let specification), .updated(let specification): specification
            case .removed: nil
            }
        }
    }

    /// Changes of routes.
    private(set) var routes: [RouteID: RouteChange] = [:]
    /// Changes of settings; no entry is empty.
    private(set) var settings: [SettingTarget: SettingChanges] = [:]
    /// The number of staged additions.
    private(set) var additionCount = 0
    /// The number of staged changes of settings.
    private(set) var settingCount = 0
    /// Bytes of the command lines that staged something since the area was last empty.
    var bytes = 0

    /// Whether nothing is staged.
    var isEmpty: Bool { routes.isEmpty && settings.isEmpty }
    /// The number of staged changes.
    var count: Int { routes.count + settingCount }

    /// Stages a change of a route, in place of the one before; `nil` takes that one back.
    mutating func stage(_ change: RouteChange?, of id: RouteID) {
        if case .added? = routes[id] { additionCount -= 1 }
        if case .added? = change { additionCount += 1 }
        routes[id] = change
    }

    /// Changes what is staged for a target.
    mutating func changeSettings(of target: SettingTarget, _ change: (inout SettingChanges) -> Void) {
        settingCount -= settings[target]?.count ?? 0
        change(&settings[target, default: SettingChanges()])
        let count = settings[target]?.count ?? 0
        if count == 0 { settings[target] = nil }
        settingCount += count
    }

    /// Takes back what is staged for a target.
    mutating func dropSettings(of target: SettingTarget) {
        settingCount -= settings.removeValue(forKey: target)?.count ?? 0
    }

    /// Takes out the changes of these kinds.
    mutating func take(_ scopes: Set<ConfigScope>) -> StagingArea {
        if scopes.count == ConfigScope.allCases.count {
            let all = self
            self = StagingArea()
            return all
        }
        var taken = StagingArea()
        if scopes.contains(.routes) {
            swap(&routes, &taken.routes)
            swap(&additionCount, &taken.additionCount)
        }
        guard scopes != [.routes] else { return taken }
        for target in Array(settings.keys) {
            guard var rest = settings[target] else { continue }
            let part = rest.take(scopes)
            settings[target] = rest.count > 0 ? rest : nil
            if part.count > 0 { taken.settings[target] = part }
            settingCount -= part.count
            taken.settingCount += part.count
        }
        return taken
    }

    /// Checks that the counts are right. O(staged changes).
    func checkInvariants() {
        let additions = routes.values.count { if case .added = $0 { true } else { false } }
        precondition(additions == additionCount)
        precondition(settings.values.allSatisfy { $0.count > 0 })
        precondition(settings.values.reduce(0) { $0 + $1.count } == settingCount)
    }
}

/// Staged changes of the settings of one target.
struct SettingChanges: Hashable, Sendable {
    /// A value is set, or what was set goes.
    enum Change<Value: Hashable & Sendable>: Hashable, Sendable {
        /// The new value.
        case set(Value)
        /// Back to what holds without.
        case remove
    }

    /// By lower-case name.
    var headers: [String: Change<HeaderField>] = [:]
    /// By key.
    var options: [RouteOption.Key: Change<RouteOption>] = [:]
    /// What HEALTH_SET staged.
    var health: HealthCheckSettings?
    /// The rate limit.
    var rateLimit: RateLimit?
    /// The circuit breaker.
    var circuitBreaker: CircuitBreakerSettings?

    /// The number of changes.
    var count: Int {
        headers.count + options.count + (health == nil ? 0 : 1) + (rateLimit == nil ? 0 : 1)
            + (circuitBreaker == nil ? 0 : 1)
    }

    /// Stages what HEALTH_SET says, which counts as later than options staged before.
    mutating func set(_ health: HealthCheckSettings) {
        self.health = health
        for key in [RouteOption.Key.healthCheckPath, .healthCheckInterval, .healthCheckTimeout] {
            options[key] = nil
        }
    }

    /// The kinds of changes that there are.
    var scopes: Set<ConfigScope> {
        var scopes: Set<ConfigScope> = []
        if !headers.isEmpty { scopes.insert(.headers) }
        if !options.isEmpty { scopes.insert(.options) }
        if health != nil { scopes.insert(.health) }
        if rateLimit != nil { scopes.insert(.rateLimit) }
        if circuitBreaker != nil { scopes.insert(.circuitBreaker) }
        return scopes
    }

    /// Takes out the changes of these kinds.
    mutating func take(_ scopes: Set<ConfigScope>) -> SettingChanges {
        var taken = SettingChanges()
        if scopes.contains(.headers) { swap(&headers, &taken.headers) }
        if scopes.contains(.options) { swap(&options, &taken.options) }
        if scopes.contains(.health) { swap(&health, &taken.health) }
        if scopes.contains(.rateLimit) { swap(&rateLimit, &taken.rateLimit) }
        if scopes.contains(.circuitBreaker) { swap(&circuitBreaker, &taken.circuitBreaker) }
        return taken
    }

    /// Carries the changes out.
    func apply(to overrides: inout SettingOverrides) {
        for (name, change) in headers.sorted(by: { $0.key < $1.key }) {
            switch change {
            case .set(let header): overrides.set(header)
            case .remove: overrides.removeHeader(name)
            }
        }
        if let health {
            overrides.options[.healthCheckPath] = health.path.map { .healthCheckPath($0) }
            overrides.options[.healthCheckInterval] = .healthCheckInterval(health.interval)
            overrides.options[.healthCheckTimeout] = .healthCheckTimeout(health.timeout)
        }
        for (key, change) in options {
            switch change {
            case .set(let option): overrides.options[key] = option
            case .remove: overrides.options[key] = nil
            }
        }
        if let rateLimit { overrides.rateLimit = rateLimit }
        if let circuitBreaker { overrides.circuitBreaker = circuitBreaker }
    }

    /// What the registry logs when the changes come into force.
    func logLines(target: SettingTarget, service: String) -> [String] {
        let place = target == .all ? service : "\(service) \(target)"
        var lines: [String] = []
        for (name, change) in headers.sorted(by: { $0.key < $1.key }) {
            switch change {
            case .set(let header): lines.append("Header added: \(header.name) = \(header.value) for \(place)")
            case .remove: lines.append("Header removed: \(name) for \(place)")
            }
        }
        for (key, change) in options.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            switch change {
            case .set(let option): lines.append("Option set: \(key.rawValue) = \(option.valueText) for \(place)")
            case .remove: lines.append("Option removed: \(key.rawValue) for \(place)")
            }
        }
        if let health {
            lines.append(
                "Health check set: \(health.path ?? "/") every \(DurationText.format(health.interval)), "
                    + "timeout \(DurationText.format(health.timeout)) for \(place)")
        }
        if let rateLimit {
            lines.append(
                "Rate limit set: \(rateLimit.requests) per \(DurationText.format(rateLimit.window)) for \(place)")
        }
        if let circuitBreaker {
            lines.append(
                "Circuit breaker set: \(circuitBreaker.threshold) failures, "
                    + "\(DurationText.format(circuitBreaker.timeout)), \(circuitBreaker.halfOpenRequests) tests "
                    + "for \(place)")
        }
        return lines
    }
}
