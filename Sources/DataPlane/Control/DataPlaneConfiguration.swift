import ProxyModel

/// How the data plane listens and what it allows. The defaults are those of the settings of `apus serve`.
public struct DataPlaneConfiguration: Sendable {
    /// Where HTTP is accepted; port 0 takes a free port (see `DataPlane.boundAddresses`).
    public var listen: [SocketAddress]
    /// Worker threads, each with listeners of its own; 1...256.
    public var workers: Int
    /// Binds worker n to CPU n where set: for measurements.
    public var pinsWorkers = false
    public var limits = Limits()
    public var timeouts = Timeouts()
    /// Peers whose forwarding headers are believed and extended; those of all others are replaced.
    public var trustedProxies: [CIDR] = []
    /// Where backends may lie (empty: anywhere not denied), checked on the address at connect.
    public var allowedBackends: [CIDR] = []
    /// Where backends may not lie.
    public var deniedBackends: [CIDR] = []
    /// Seeds hashing and balancing; from a cryptographic source in production.
    public var seed: UInt64

    public init(listen: [SocketAddress], workers: Int, seed: UInt64) {
        self.listen = listen
        self.workers = workers
        self.seed = seed
    }

    /// Bounds on what peers can make the proxy hold.
    public struct Limits: Sendable {
        /// Bytes of a request or response head with its first line; at most 64 KiB.
        public var headBytes = 65_536
        /// Header lines of a head; at most 128.
        public var headerLines = 128
        /// Bytes of a request target.
        public var targetBytes = 32_768
        /// Downstream connections of all workers together.
        public var connections = 100_000
        /// Downstream connections of one address (IPv6: one /64); 0 is no limit.
        public var connectionsPerAddress = 0
        /// Bytes of a request body; 0 is no limit. A route's `max_body_size` beats it.
        public var bodyBytes = 0
        /// Idle upstream connections that a worker keeps per backend address.
        public var idleUpstreamsPerAddress = 1_024

        public init() {}
    }

    /// How long each phase may last. A route's own options beat `connect`, `responseHead` and `idle`.
    public struct Timeouts: Sendable {
        /// From the first byte of a request head (or the accept) to its end: 408.
        public var head: Duration = .seconds(10)
        /// TCP connect to a backend: another backend, else 504.
        public var connect: Duration = .seconds(5)
        /// From the request's end to the response head: 504.
        public var responseHead: Duration = .seconds(30)
        /// Without a byte of a body moving in either direction.
        public var idle: Duration = .seconds(60)
        /// After this grace a request body must arrive with at least `minimumBodyRate`: 408.
        public var bodyGrace: Duration = .seconds(10)
        /// Bytes per second that a client's body must reach after the grace; 0 is no limit.
        public var minimumBodyRate = 256
        /// Between requests on a downstream connection.
        public var keepAlive: Duration = .seconds(75)
        /// Between requests on an upstream connection.
        public var upstreamKeepAlive: Duration = .seconds(60)

        public init() {}
    }
}

extension Duration {
    /// Whole nanoseconds, bounded to what a deadline can hold.
    var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0 else { return 0 }
        guard seconds < 1 << 32 else { return 1 << 62 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
