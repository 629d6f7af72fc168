import ProxyModel

/// A command of a registry client, with its fields read and checked.
public enum Command: Hashable, Sendable {
    /// Obtains a session. The metadata is the text of a JSON object as the client wrote it, `nil` where there is none.
    case register(service: String, instance: String, maintenancePort: UInt16, metadata: String?)
    /// Takes up a session again after a disconnection.
    case reconnect
    /// Ends a session and removes its routes at once.
    case clientShutdown
    /// Asks for a sign of life.
    case ping
    /// Asks for what is known of the session.
    case sessionInfo
    /// Stages a route.
    case routeAdd(RouteSpecification)
    /// Stages all of these routes or none.
    case routeAddBulk([RouteSpecification])
    /// Stages a change of one field of a route.
    case routeUpdate(RouteID, RouteChange)
    /// Stages the removal of a route.
    case routeRemove(RouteID)
    /// Lists the session's routes.
    case routeList(compressed: Bool)
    /// Stages a response header.
    case headersSet(SettingTarget, HeaderField)
    /// Stages the removal of a response header; the name is as given, to be compared without regard to case.
    case headersRemove(SettingTarget, name: String)
    /// Stages an option.
    case optionsSet(SettingTarget, RouteOption)
    /// Stages an option's return to its default.
    case optionsRemove(SettingTarget, RouteOption.Key)
    /// Stages how a route's backend is probed.
    case healthSet(RouteID, HealthCheckSettings)
    /// Stages a rate limit.
    case rateLimitSet(SettingTarget, RateLimit)
    /// Stages a circuit breaker.
    case circuitBreakerSet(SettingTarget, CircuitBreakerSettings)
    /// Asks for the state of a route's circuit.
    case circuitBreakerStatus(RouteID)
    /// Closes a route's circuit, or those of all routes.
    case circuitBreakerReset(SettingTarget)
    /// Checks what is staged.
    case configValidate
    /// Applies what is staged.
    case configApply
    /// Discards what is staged.
    case configRollback
    /// Asks what an apply would change.
    case configDiff
    /// Applies what is staged of these kinds; never empty.
    case configApplyPartial(Set<ConfigScope>)
    /// Asks for statistics.
    case statsGet(StatsTarget, compressed: Bool)
    /// Lets the session's traffic fall to nothing over this time.
    case drainStart(Duration)
    /// Asks how far a drain is.
    case drainStatus
    /// Takes a drain back.
    case drainCancel
    /// Puts what the target names into maintenance; `nil` for the built-in page.
    case maintenanceEnter(MaintenanceSelection, backend: BackendURL?)
    /// Ends the maintenance of what the target names.
    case maintenanceExit(MaintenanceSelection)
    /// Asks what is in maintenance.
    case maintenanceStatus
    /// Asks for events of this type.
    case subscribe(EventType)
    /// Asks for no more events of this type.
    case unsubscribe(EventType)
    /// Tries a backend.
    case backendTest(BackendURL)
    /// A client's acknowledgement of an event: gets no reply.
    case clientAcknowledgement
}

/// A route as a client asks for it.
public struct RouteSpecification: Hashable, Sendable {
    /// The hosts, at least one, each once.
    public var domains: [DomainPattern]
    /// The path prefix.
    public var path: RoutePath
    /// Where the requests go.
    public var backend: BackendURL
    /// Higher is matched first.
    public var priority: Int

    /// A route of these parts.
    public init(domains: [DomainPattern], path: RoutePath, backend: BackendURL, priority: Int = 0) {
        self.domains = domains
        self.path = path
        self.backend = backend
        self.priority = priority
    }
}

/// A new value for one field of a route.
public enum RouteChange: Hashable, Sendable {
    /// Another backend.
    case backend(BackendURL)
    /// Another priority.
    case priority(Int)
    /// Other hosts, at least one, each once.
    case domains([DomainPattern])
    /// Another path prefix.
    case path(RoutePath)
}

/// What a setting is for.
public enum SettingTarget: Hashable, Sendable, CustomStringConvertible {
    /// All routes of the session, also later ones.
    case all
    /// One route.
    case route(RouteID)

    /// `ALL` or the route's id.
    public var description: String {
        switch self {
        case .all: "ALL"
        case .route(let id): id.description
        }
    }
}

/// What statistics are asked for.
public enum StatsTarget: Hashable, Sendable {
    /// No target: an array with one object per active route.
    case none
    /// `ALL`: the totals of the session with the routes' own objects.
    case all
    /// One route.
    case route(RouteID)
}

/// The kinds of staged changes, as CONFIG_APPLY_PARTIAL names them.
public enum ConfigScope: String, CaseIterable, Hashable, Sendable {
    case routes, headers, options, health
    case rateLimit = "ratelimit"
    case circuitBreaker = "circuit_breaker"
}

/// The types of events that a client can subscribe to.
public enum EventType: String, CaseIterable, Hashable, Sendable {
    case certificateRenewed = "cert_renewed"
    case globalConfigChanged = "global_config_changed"
    case backendHealthChanged = "backend_health_changed"
    /// For SUBSCRIBE the three above; for UNSUBSCRIBE everything.
    case all
    /// Sent only to who subscribed to it by name.
    case drainCompleted = "drain_completed"
    /// Sent only to who subscribed to it by name.
    case routeConflict = "route_conflict"

    /// The events that ``all`` stands for in SUBSCRIBE.
    public static let allOfGuide: [EventType] = [.certificateRenewed, .globalConfigChanged, .backendHealthChanged]
}

/// What a maintenance command is about.
public struct MaintenanceSelection: Hashable, Sendable {
    /// The target as the client wrote it: `MAINT_OK` repeats it.
    public var text: String
    /// The entries of the target, at least one; `ALL` stands alone.
    public var targets: [MaintenanceTarget]

    /// A selection of these entries.
    public init(text: String, targets: [MaintenanceTarget]) {
        self.text = text
        self.targets = targets
    }
}

/// One entry of a maintenance command's target.
public enum MaintenanceTarget: Hashable, Sendable {
    /// All routes of the session.
    case all
    /// One route.
    case route(RouteID)
    /// The session's routes with this path.
    case path(RoutePath)
    /// The session's routes with this domain.
    case domain(DomainPattern)
}

/// A line of a client, read.
public struct ParsedLine: Hashable, Sendable {
    /// The session id as the client wrote it; `nil` for REGISTER and for a client's `ACK`.
    public var sessionID: String?
    /// The transaction id, if the client gave one: the reply carries it.
    public var transactionID: String?
    /// The command with its fields.
    public var command: Command

    /// A line of these parts.
    public init(sessionID: String?, transactionID: String?, command: Command) {
        self.sessionID = sessionID
        self.transactionID = transactionID
        self.command = command
    }
}
