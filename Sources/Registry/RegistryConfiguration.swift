import ProxyModel

/// The settings of the registry.
public struct RegistryConfiguration: Sendable {
    /// Whose routes may serve a domain and path that another service already serves.
    public enum Ownership: String, CaseIterable, Sendable {
        /// Anybody's: routes of several services form one group.
        case shared
        /// Only those of the service that came first, until its last route there is gone.
        case first
    }

    /// How long after its owner's connection ended a session can be resumed with RECONNECT.
    public var sessionExpiry: Duration = .seconds(60)
    /// How long after that end the session's routes go on serving. The session ends with its routes: one that is away
    /// for this long cannot be resumed either.
    public var routeGrace: Duration = .seconds(300)
    /// How long after the session's last staging command its staged changes are kept.
    public var stagedExpiry: Duration = .seconds(1800)
    /// How long a connection that owns no session may be silent.
    public var idleTimeout: Duration = .seconds(30)
    /// How long a client may take from the first byte of a line to its end. The shell measures it.
    public var readTimeout: Duration = .seconds(30)
    /// Who may claim a domain and path.
    public var ownership = Ownership.shared
    /// Whether the proxy has a TLS listener, without which `http3` cannot be switched on.
    public var hasTLS = false
    /// How long a maintenance backend is tried before MAINT_ENTER is reported as failed.
    public var maintenanceEnterLimit: Duration = .seconds(25)
    /// How long the routes' own backends are tried before MAINT_EXIT is reported as failed.
    public var maintenanceExitLimit: Duration = .seconds(8)
    /// How often a drained session is asked what it still has in flight.
    public var receiptInterval: Duration = .milliseconds(250)
    /// What counts as a mass loss of sessions.
    public var massLoss = MassLoss()
    /// The bounds on what clients can make the registry keep.
    public var limits = Limits()

    /// The settings with their defaults.
    public init() {}

    /// When the loss of many sessions is taken for a fault of the network or of the proxy.
    public struct MassLoss: Sendable {
        /// The time within which the losses must lie.
        public var window: Duration = .seconds(10)
        /// The fewest lost sessions that count; half of all must be lost as well.
        public var minimum = 5
        /// What the grace of the lost sessions is multiplied with.
        public var graceFactor = 2

        /// The defaults.
        public init() {}
    }

    /// Bounds on what clients can make the registry keep. Reaching one is an error that names it.
    public struct Limits: Sendable {
        /// Sessions, absent ones whose routes still serve included.
        public var sessions = 50_000
        /// Routes of one session, staged ones included.
        public var routesPerSession = 100_000
        /// Routes of all sessions, staged ones included.
        public var routes = 1_000_000
        /// Domains of one route.
        public var domainsPerRoute = 100
        /// Response headers set for one route or for ALL.
        public var headersPerTarget = 64
        /// Staged changes of one session.
        public var stagedChanges = 200_000
        /// Bytes of the command lines that a session's staged changes came in.
        public var stagedBytes = 64 << 20
        /// Backends that a maintenance command probes at the same time.
        public var concurrentProbes = 16
        /// Conflicts with other services' routes that one apply or validation reports.
        public var reportedConflicts = 100
        /// Mistakes that one validation names.
        public var reportedMistakes = 10

        /// The defaults.
        public init() {}
    }
}
