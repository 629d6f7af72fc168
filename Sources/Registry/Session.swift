import ProxyModel
import RegistryProtocol

/// What the registry keeps of one session.
struct Session: Sendable {
    /// Whether somebody answers for the session.
    enum Presence: Hashable, Sendable {
        /// Its owner is this connection.
        case connected(ConnectionID)
        /// Its owner's connection ended; RECONNECT resumes it.
        case away(Absence)
        /// It was away for too long: its id is invalid, its routes serve until the grace ends.
        case expired(Absence)
        /// The same instance registered anew: its id is invalid, its routes serve until the new session's first apply.
        case superseded
    }

    /// An absence of the owner.
    struct Absence: Hashable, Sendable {
        /// When the owner's connection ended.
        var since: MonotonicTime
        /// Whether it was one of a mass loss, which is not held against the session.
        var isExcused: Bool
    }

    /// The internal number.
    let key: SessionKey
    /// The session id as the client knows it: a secret.
    let id: String
    /// The service's name.
    let service: String
    /// The instance's name.
    let instance: String
    /// The port of the instance's maintenance page.
    let maintenancePort: UInt16
    /// The text of a JSON object, if the client gave one.
    let metadata: String?
    /// When it was registered.
    let registeredAt: Moment
    /// Whether somebody answers for it.
    var presence: Presence
    /// The session of the same instance whose routes serve until this one's first apply.
    var predecessor: SessionKey?
    /// What is in force.
    var active = ActiveConfiguration()
    /// What is staged.
    var staging = StagingArea()
    /// When something was last applied.
    var lastApply: WallTime?
    /// The drain, if one is on or complete.
    var drain: Drain?
    /// What is in maintenance.
    var maintenance = MaintenanceState()
    /// The events that its owner wants.
    var subscriptions: Set<EventType> = []
    /// What the workers know of it, from its first published route on.
    var announced: SessionState?

    /// A session just registered on `owner`.
    init(
        key: SessionKey, id: String, service: String, instance: String, maintenancePort: UInt16, metadata: String?,
        owner: ConnectionID, now: Moment
    ) {
        self.key = key
        self.id = id
        self.service = service
        self.instance = instance
        self.maintenancePort = maintenancePort
        self.metadata = metadata
        self.registeredAt = now
        self.presence = .connected(owner)
    }

    /// The owning connection, `nil` while there is none.
    var owner: ConnectionID? {
        if case .connected(let owner) = presence { owner } else { nil }
    }

    /// Whether its id is valid: commands are carried out and RECONNECT resumes it.
    var isValid: Bool {
        switch presence {
        case .connected, .away: true
        case .expired, .superseded: false
        }
    }

    /// What of it steers traffic.
    var state: SessionState {
        let connected =
            switch presence {
            case .connected: true
            case .away(let absence), .expired(let absence): absence.isExcused
            case .superseded: false
            }
        return SessionState(key: key, connected: connected, drain: drain?.ramp)
    }

    /// The number of its routes, staged additions included.
    var routeCount: Int { active.routes.count + staging.additionCount }

    /// The id for logs: its readable part and the first 8 digits of the secret.
    var logID: String {
        guard let dash = id.utf8.lastIndex(of: UInt8(ascii: "-")) else { return "?" }
        return "\(id[...dash])\(id[dash...].dropFirst().prefix(8))"
    }

    /// Those of these routes that are active, as the workers see them.
    func definitions(of ids: [RouteID]) -> [RouteDefinition] {
        guard !ids.isEmpty else { return [] }
        let common = active.commonSettings
        return ids.compactMap { id in
            guard let route = active.routes[id] else { return nil }
            return RouteDefinition(
                id: id, session: key, service: service, instance: instance, domains: route.domains, path: route.path,
                backend: route.backend, priority: route.priority,
                settings: active.settings(of: id, backend: route.backend, over: common),
                maintenance: maintenance.page(of: id))
        }
    }
}

/// A session's drain.
struct Drain: Hashable, Sendable {
    /// When it began.
    var startedAt: Moment
    /// How long it takes.
    var duration: Duration
    /// Whether the owner got its `drain_completed`.
    var isReported = false

    /// As the workers need it.
    var ramp: DrainRamp { DrainRamp(startedAt: startedAt.monotonic, duration: duration) }
    /// When it reaches 0 %.
    var end: MonotonicTime { startedAt.monotonic + duration }
    /// When it reaches 0 %, for people: rounded up to a whole second.
    var completionTime: WallTime {
        let (seconds, rest) = duration.components
        return WallTime(seconds: startedAt.wall.seconds + seconds + (rest > 0 ? 1 : 0))
    }
}

/// What of a session is in maintenance.
struct MaintenanceState: Sendable {
    /// A page that took the place of routes.
    struct Entry: Hashable, Sendable {
        /// The page's server; `nil` for the built-in page.
        var backend: BackendURL?
        /// Since when.
        var enteredAt: Moment
        /// The number of the command that it came from.
        var task: UInt64
    }

    /// The routes in maintenance.
    var routes: [RouteID: Entry] = [:]
    /// What routes that become active later enter at once: the session's last word on ALL.
    var later: Entry?

    /// What the workers need to know of a route.
    func page(of id: RouteID) -> Maintenance? {
        routes[id].map { Maintenance(backend: $0.backend) }
    }
}

/// What the registry keeps of one connection.
struct Connection: Sendable {
    /// The sessions that it owns, in the order in which it got them.
    var sessions: [SessionKey] = []
    /// Whether a command's answer is outstanding.
    var isBusy = false
    /// Maintenance commands whose `MAINT_OK` is outstanding.
    var outstandingMaintenance = 0
}
