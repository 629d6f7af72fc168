/// How the requests of a group are spread over its backends.
public enum LoadBalancing: String, CaseIterable, Hashable, Sendable {
    /// The less busy of two chosen at random (the default).
    case p2c
    /// One after the other.
    case roundRobin = "round_robin"
    /// The least busy of all.
    case leastRequests = "least_requests"
    /// The same client address goes to the same backend.
    case sourceHash = "source_hash"
}

/// Which `Host` a backend sees.
public enum HostHeader: String, CaseIterable, Hashable, Sendable {
    /// The client's own (the default).
    case keep
    /// The host of the backend URL.
    case backend
}

/// At most so many requests per source address in any window of this length.
public struct RateLimit: Hashable, Sendable {
    /// The most requests in one window, at least 1.
    public var requests: Int
    /// The length of the window.
    public var window: Duration

    /// A limit of `requests` per `window`.
    public init(requests: Int, window: Duration) {
        self.requests = requests
        self.window = window
    }

    /// Reads the two texts that RATELIMIT_SET has.
    public init(parsingRequests requests: String, window: String) throws(ValueError) {
        self.requests = try IntegerText.parse(requests, field: "requests", in: 1...1_000_000_000)
        self.window = try DurationText.parse(window, field: "window")
    }
}

/// When a backend is given up for a time, and how it is tried again.
public struct CircuitBreakerSettings: Hashable, Sendable {
    /// Consecutive failures that open the circuit, at least 1.
    public var threshold: Int
    /// How long the circuit stays open before requests are let through as a test.
    public var timeout: Duration
    /// How many requests are let through as a test, at least 1.
    public var halfOpenRequests: Int

    /// Settings of these three values.
    public init(threshold: Int, timeout: Duration, halfOpenRequests: Int) {
        self.threshold = threshold
        self.timeout = timeout
        self.halfOpenRequests = halfOpenRequests
    }

    /// Reads the three texts that CIRCUIT_BREAKER_SET has.
    public init(parsingThreshold threshold: String, timeout: String, halfOpenRequests: String) throws(ValueError) {
        self.threshold = try IntegerText.parse(threshold, field: "threshold", in: 1...1_000_000)
        self.timeout = try DurationText.parse(timeout, field: "timeout")
        self.halfOpenRequests = try IntegerText.parse(halfOpenRequests, field: "half_open_requests", in: 1...1_000_000)
    }
}

/// How a backend is probed.
public struct HealthCheckSettings: Hashable, Sendable {
    /// The path that is asked for, which may have a query: then 2xx and 3xx are healthy. `nil`: the backend's root
    /// path, and any status below 500 is healthy.
    public var path: String?
    /// The time from one probe to the next.
    public var interval: Duration
    /// How long a probe may take.
    public var timeout: Duration

    /// Settings of these three values; the defaults are what holds where nothing was set.
    public init(path: String? = nil, interval: Duration = .seconds(30), timeout: Duration = .seconds(5)) {
        self.path = path
        self.interval = interval
        self.timeout = timeout
    }

    /// Reads the three texts that HEALTH_SET has.
    public init(parsingPath path: String, interval: String, timeout: String) throws(ValueError) {
        self.path = try Self.parsePath(path)
        self.interval = try DurationText.parse(interval, field: "interval")
        self.timeout = try DurationText.parse(timeout, field: "timeout")
    }

    /// Checks the path of a probe: begins with `/`, may have a query, no spaces, control characters or fragment.
    public static func parsePath(_ text: String, field: String = "path") throws(ValueError) -> String {
        guard text.utf8.first == UInt8(ascii: "/"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") })
        else {
            throw .invalid(field, text, expected: "a path that begins with /, in ASCII and without spaces")
        }
        return text
    }
}
