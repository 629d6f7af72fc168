import ProxyModel

/// What a drain's receipt says of a session: nothing more will come once all of it is zero.
public struct SessionActivity: Sendable, Hashable {
    /// Exchanges in flight on the session's routes.
    public var inFlight = 0
    /// Open tunnels (WebSockets) among them.
    public var webSockets = 0
    /// When the last request began; nil where none came.
    public var lastRequestAt: MonotonicTime?

    public init() {}

    mutating func add(_ other: SessionActivity) {
        inFlight += other.inFlight
        webSockets += other.webSockets
        if let theirs = other.lastRequestAt { lastRequestAt = max(lastRequestAt ?? theirs, theirs) }
    }
}

/// Figures over all routes and workers since the start.
public struct DataPlaneTotals: Sendable, Hashable {
    public var connectionsAccepted: UInt64 = 0
    public var connectionsOpen = 0
    public var connectionsRefused: UInt64 = 0
    public var requests: UInt64 = 0
    public var exchangesInFlight = 0
    public var upstreamsOpen = 0
    public var upstreamsOpened: UInt64 = 0
    public var retries: UInt64 = 0
    /// Heads that were refused with 4xx or 5xx before a route was looked up.
    public var rejectedRequests: UInt64 = 0
    /// Requests for hosts that no route claims.
    public var unknownHosts: UInt64 = 0

    public init() {}

    mutating func add(_ other: DataPlaneTotals) {
        connectionsAccepted += other.connectionsAccepted
        connectionsOpen += other.connectionsOpen
        connectionsRefused += other.connectionsRefused
        requests += other.requests
        exchangesInFlight += other.exchangesInFlight
        upstreamsOpen += other.upstreamsOpen
        upstreamsOpened += other.upstreamsOpened
        retries += other.retries
        rejectedRequests += other.rejectedRequests
        unknownHosts += other.unknownHosts
    }
}

/// What the data plane tells the control plane without being asked; called on a worker's thread, so it must only hand on.
public enum DataPlaneEvent: Sendable, Hashable {
    /// No address of this host answers: resolve it again now.
    case resolve(host: String)
    /// An address refused or did not answer a connect, after it had answered before.
    case backendUnreachable(host: String, port: UInt16, address: IPAddress, reason: String)
    /// A worker refuses connections: over the limit.
    case connectionLimitReached
    /// A route's circuit opened, or closed again.
    case circuitChanged(RouteID, isOpen: Bool)
    /// The address of a backend is denied by `--backend-deny` or outside `--backend-allow`.
    case backendDenied(host: String, address: IPAddress)
}
