import ProxyModel

/// How a BACKEND_TEST went.
public enum BackendTestReport: Sendable {
    /// The backend answered. `tlsValid` is `nil` where there is no TLS.
    case reachable(responseTime: Duration, statusCode: Int, tlsValid: Bool?)
    /// It did not, for this reason.
    case unreachable(reason: String)
}

/// The figures of one route, or the totals of a session, as STATS_GET shows them.
public struct TrafficReport: Hashable, Sendable {
    /// Requests that were answered or failed.
    public var requests: UInt64
    /// Of these, the ones that failed or were answered with 5xx.
    public var errors: UInt64
    /// Mean time to the end of the response.
    public var averageLatency: Duration
    /// 95th percentile of that time.
    public var p95Latency: Duration
    /// 99th percentile of that time.
    public var p99Latency: Duration
    /// Bytes of responses sent to clients.
    public var bytesSent: UInt64
    /// Bytes of requests received from clients.
    public var bytesReceived: UInt64
    /// Responses by status code.
    public var statusCodes: [Int: UInt64]

    /// The figures of a route that nobody has asked yet, unless given otherwise.
    public init(
        requests: UInt64 = 0, errors: UInt64 = 0, averageLatency: Duration = .zero, p95Latency: Duration = .zero,
        p99Latency: Duration = .zero, bytesSent: UInt64 = 0, bytesReceived: UInt64 = 0,
        statusCodes: [Int: UInt64] = [:]
    ) {
        self.requests = requests
        self.errors = errors
        self.averageLatency = averageLatency
        self.p95Latency = p95Latency
        self.p99Latency = p99Latency
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.statusCodes = statusCodes
    }
}

/// What a session has in flight.
public struct ActivityReport: Hashable, Sendable {
    /// Requests being served.
    public var inFlight: Int
    /// Open WebSockets.
    public var webSockets: Int
    /// When the last request came, `nil` where none ever did.
    public var lastRequestAt: WallTime?

    /// A report of these parts.
    public init(inFlight: Int = 0, webSockets: Int = 0, lastRequestAt: WallTime? = nil) {
        self.inFlight = inFlight
        self.webSockets = webSockets
        self.lastRequestAt = lastRequestAt
    }

    /// Whether nothing more will come.
    var isQuiet: Bool { inFlight == 0 && webSockets == 0 }
}

/// The state of a route's circuit breaker.
public struct CircuitReport: Hashable, Sendable {
    /// The states that the guide names.
    public enum State: String, Sendable {
        /// Requests pass.
        case closed
        /// Requests fail fast.
        case open
        /// A few requests pass as a test.
        case halfOpen = "half_open"
    }

    /// The state.
    public var state: State
    /// Consecutive failures.
    public var failures: Int
    /// When the last failure was.
    public var lastFailure: WallTime?
    /// When an open circuit lets a test through.
    public var nextAttempt: WallTime?

    /// A report of these parts.
    public init(state: State = .closed, failures: Int = 0, lastFailure: WallTime? = nil, nextAttempt: WallTime? = nil) {
        self.state = state
        self.failures = failures
        self.lastFailure = lastFailure
        self.nextAttempt = nextAttempt
    }
}
