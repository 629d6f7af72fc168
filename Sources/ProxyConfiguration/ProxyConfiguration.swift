import ProxyModel

/// Every setting of `apus serve` as a validated value.
///
/// Where a value comes from is settled before: a flag beats the environment, and the environment beats the default
/// (see ``init(flags:environment:cores:)``).
public struct ProxyConfiguration: Hashable, Sendable {
    /// Where HTTP is served.
    public var http: [SocketAddress]
    /// Threads of the data plane.
    public var workers: Int
    /// Peers whose forwarding headers (`X-Forwarded-For`, `Forwarded`, …) are believed and extended.
    public var trustedProxies: [CIDR]
    /// How long requests in flight may go on once the proxy was told to stop.
    public var shutdownTimeout: Duration
    /// Clocks of the phases of a request.
    public var timeouts: RequestTimeouts
    /// Bounds on what a downstream peer can make the proxy hold.
    public var limits: RequestLimits
    /// The registry port.
    public var registry: RegistrySettings
    /// Which backends may be used, and how their names are resolved.
    public var backends: BackendSettings
    /// What is written to standard error.
    public var log: LogSettings

    /// Clocks of the phases of a request.
    public struct RequestTimeouts: Hashable, Sendable {
        /// From the first byte of a request head to its last.
        public var head: Duration
        /// For a connection to a backend to be established.
        public var connect: Duration
        /// From the last byte of the request to the response head.
        public var response: Duration
        /// Silence of both peers while a body is under way.
        public var idle: Duration
        /// How long a request body may take before ``bodyMinimumRate`` is asked of it.
        public var bodyGrace: Duration
        /// Bytes per second that a request body must bring after the grace; `nil` asks for none.
        public var bodyMinimumRate: Int?
        /// An idle downstream connection between two requests.
        public var keepAlive: Duration
        /// An idle connection to a backend in a worker's pool.
        public var upstreamKeepAlive: Duration
    }

    /// Bounds on what a downstream peer can make the proxy hold.
    public struct RequestLimits: Hashable, Sendable {
        /// Bytes of a request or response head.
        public var headSize: Int
        /// Header lines of a head.
        public var headers: Int
        /// Bytes of a request body; `nil` sets no limit.
        public var bodySize: Int?
        /// Downstream connections in all; `nil` takes what the open-file limit allows.
        public var connections: Int?
        /// Downstream connections of one address (IPv6: one /64); `nil` sets no limit.
        public var connectionsPerAddress: Int?
    }

    /// The registry port and the clocks of its sessions.
    public struct RegistrySettings: Hashable, Sendable {
        /// Where the registry protocol is served.
        public var listen: [SocketAddress]
        /// Who may connect.
        public var allow: [CIDR]
        /// Who may claim a domain and path.
        public var ownership: Ownership
        /// How long RECONNECT finds a session after its connection ended.
        public var sessionExpiry: Duration
        /// How long the routes of a session serve after its connection ended.
        public var grace: Duration
        /// Staged changes are dropped this long after the session's last staging command.
        public var stagedExpiry: Duration
        /// Silence inside a line.
        public var readTimeout: Duration
        /// A connection without a session.
        public var idleTimeout: Duration
        /// Period of TCP keepalive; a dead peer is noticed within three of them.
        public var keepAlive: Duration
        /// Registry connections in all.
        public var connections: Int
        /// Registry connections of one address (IPv6: one /64).
        public var connectionsPerAddress: Int
        /// Bytes that may wait for a reader that does not read.
        public var outputLimit: Int
        /// Where the route ids that were used are remembered.
        public var stateDirectory: String?
    }

    /// Where systemd's `StateDirectory=apus` and the packages put it.
    public static let usualStateDirectory = "/var/lib/apus"

    /// Who may claim a domain and path that another service serves.
    public enum Ownership: String, CaseIterable, Hashable, Sendable {
        /// Any service; routes of several services form one group.
        case shared
        /// The service that came first, until it leaves.
        case first
    }

    /// Which backends may be used, and how often their names are resolved.
    public struct BackendSettings: Hashable, Sendable {
        /// Addresses that may be connected to; empty allows all.
        public var allow: [CIDR]
        /// Addresses that may not, whatever ``allow`` says.
        public var deny: [CIDR]
        /// How often the names of backends are resolved anew.
        public var resolveInterval: Duration
    }

    /// What is written to standard error.
    public struct LogSettings: Hashable, Sendable {
        /// The least severe level that is written.
        public var level: Level
        /// The form of a line.
        public var format: Format

        /// How severe a line is, least severe first.
        public enum Level: String, CaseIterable, Hashable, Sendable {
            case trace, debug, info, notice, warning, error, critical
        }

        /// The form of a line.
        public enum Format: String, CaseIterable, Hashable, Sendable {
            case text, json
        }
    }
}
