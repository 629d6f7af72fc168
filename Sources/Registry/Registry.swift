import ProxyModel
import RegistryProtocol

/// The registry: sessions with what they staged and have in force, as one state machine.
///
/// Lines of clients, ends of connections, the passing of time and completed effects go in; actions come out. It reads
/// no clock, draws no randomness and does no I/O: the shell carries the actions out in their order and reports back.
/// One owner calls it, one call at a time.
///
/// The shell gives a connection's next line only after the `reply` or `noReply` to the one before: that keeps replies in
/// order and bounds memory. A change costs O(its own size), however many routes there are.
public struct Registry: ~Copyable, Sendable {
    /// The settings.
    let configuration: RegistryConfiguration
    /// Open connections.
    var connections: [ConnectionID: Connection] = [:]
    /// All sessions, those included whose id is not valid any more but whose routes serve.
    var sessions: [SessionKey: Session] = [:]
    /// Valid sessions by their id.
    var keys: [String: SessionKey] = [:]
    /// The latest session of each instance.
    var instances: [Instance: SessionKey] = [:]
    /// The session of each active route.
    var owners: [RouteID: SessionKey] = [:]
    /// Active routes by what they match.
    var index = RouteIndex()
    /// Deadlines.
    var timers = TimerQueue<TimerKey>()
    /// Sessions lost in the last seconds.
    var losses = LossWindow()
    /// Sessions whose owner is connected.
    var connectedCount = 0
    /// Routes of all sessions, staged ones included.
    var routeCount = 0
    /// Effects that the shell was asked for.
    var effects: [EffectToken: Effect] = [:]
    /// Publications among them.
    var outstandingPublications = 0
    /// Maintenance commands whose `MAINT_OK` is outstanding.
    var maintenanceTasks: [UInt64: MaintenanceTask] = [:]
    /// Who subscribed to what; no set is empty.
    var subscribers: [EventType: Set<SessionKey>] = [:]
    /// Whether the proxy is about to stop.
    var isStopping = false
    /// The number that the next route gets.
    public internal(set) var nextRouteNumber: UInt64

    private var nextSessionNumber: UInt64 = 1
    private var nextNumber: UInt64 = 1
    private var actions: [RegistryAction] = []

    /// One instance of a service.
    struct Instance: Hashable, Sendable {
        /// The service's name.
        var service: String
        /// The instance's name.
        var name: String
    }

    /// A registry without sessions.
    ///
    /// - Parameter firstRouteNumber: higher than that of every route that this proxy ever had.
    public init(configuration: RegistryConfiguration, firstRouteNumber: UInt64 = 1) {
        self.configuration = configuration
        nextRouteNumber = firstRouteNumber
    }

    /// New routes get numbers from this one on, where it is higher than the next one.
    public mutating func continueRouteNumbers(from number: UInt64) {
        nextRouteNumber = max(nextRouteNumber, number)
    }

    /// When ``tick(now:)`` is to be called next at the latest; sometimes earlier than anything is due. O(1).
    public var nextDeadline: MonotonicTime? { timers.nextDeadline }
    /// The number of sessions, absent ones whose routes still serve included.
    public var sessionCount: Int { sessions.count }
    /// The number of active routes.
    public var activeRouteCount: Int { owners.count }
    /// The number of open connections.
    public var connectionCount: Int { connections.count }

    /// Adds an action to those that the call in hand returns.
    mutating func act(_ action: RegistryAction) {
        actions.append(action)
    }

    /// The actions of the call in hand.
    mutating func takeActions() -> [RegistryAction] {
        var taken: [RegistryAction] = []
        swap(&taken, &actions)
        return taken
    }

    /// Logs a line.
    mutating func log(_ level: RegistryAction.LogLevel, _ message: String) {
        act(.log(level, PlainText.withoutControls(message)))
    }

    /// A number for a new session.
    mutating func takeSessionKey() -> SessionKey {
        defer { nextSessionNumber += 1 }
        return SessionKey(number: nextSessionNumber)
    }

    /// A number for an effect or a maintenance command.
    mutating func takeNumber() -> UInt64 {
        defer { nextNumber += 1 }
        return nextNumber
    }

    /// Notes an effect that the shell is about to be asked for.
    mutating func begin(_ effect: Effect) -> EffectToken {
        let token = EffectToken(number: takeNumber())
        effects[token] = effect
        return token
    }

    /// Answers the command in hand of a connection, if that is still open.
    mutating func reply(to request: Request, _ line: String) {
        guard connections[request.connection] != nil else { return }
        connections[request.connection]?.isBusy = false
        act(.reply(request.connection, line))
    }
}
