import ProxyModel
import TrafficPolicy

/// What identifies a backend to a worker: where to connect and how to talk.
struct BackendKey: Hashable {
    var host: String
    var port: UInt16
    var isTLS: Bool

    init(_ url: BackendURL) {
        host = url.host
        port = url.port
        isTLS = url.isTLS
    }
}

/// A backend as one worker sees it: its endpoints, and what the balancing needs to know.
struct Backend: ~Copyable {
    var key: BackendKey?
    /// One per address that the host name has; in order of the resolver's answer.
    var endpoints: [Int32] = []
    /// Where the next search for an endpoint starts.
    var nextEndpoint = 0
    /// Exchanges in flight to it from this worker.
    var outstanding: Int32 = 0
    /// Runtimes of routes that name it.
    var references: Int32 = 0
    /// Why there are no endpoints, for the error page and the log.
    var resolutionFailure: String?

    mutating func open(_ key: BackendKey) {
        self.key = key
        endpoints = []
        nextEndpoint = 0
        outstanding = 0
        references = 0
        resolutionFailure = nil
    }
}

/// What identifies an active health check: routes that share both share its result.
struct HealthKey: Hashable {
    var backend: BackendURL
    var settings: HealthCheckSettings
}

/// What an active health check last said; healthy until told otherwise.
struct HealthEntry: ~Copyable {
    var key: HealthKey?
    var isHealthy = true
    /// Runtimes that it decides for.
    var references: Int32 = 0
}

/// One address of a backend: its pool of connections and whether it answers at all.
struct Endpoint: ~Copyable {
    var backend: Int32 = -1
    var generation: UInt32 = 0
    var address = PeerAddress()
    var port: UInt16 = 0
    /// First of the idle connections, most recently used first.
    var idle: Int32 = -1
    var idleCount: Int32 = 0
    /// Connections that lead to it, idle or not: the entry lives until the last is closed.
    var connections: Int32 = 0
    var outstanding: Int32 = 0
    /// The resolver does not name it any more: no new exchange, connections end with the one they serve.
    var isRetired = false
    /// Keeps exchanges away for a while after a refused or timed-out connect, while others can take them.
    var ejection = EjectionState()

    mutating func open(backend: Int32, address: PeerAddress, port: UInt16) {
        self.backend = backend
        self.address = address
        self.port = port
        idle = -1
        idleCount = 0
        connections = 0
        outstanding = 0
        isRetired = false
        ejection = EjectionState()
    }
}
