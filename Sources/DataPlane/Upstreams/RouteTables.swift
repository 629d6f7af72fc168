import ProxyModel
import TrafficPolicy

/// A route as a worker knows it, at the index that is its slot in the `RoutingTable`. What outlives a change of its
/// settings is here: the counters.
struct RouteEntry: ~Copyable {
    var id = RouteID(number: 0)
    /// The settings that new requests get, -1 once it is removed.
    var runtime: Int32 = -1
    /// Runtimes of it that still exist; the slot is released with the last.
    var runtimes: Int32 = 0
    var statistics = RouteStatistics()
}

/// A route's settings from one apply on. Immutable; an update makes a new one, and the old one lives until the last
/// exchange that began with it has ended.
struct RouteRuntime: ~Copyable {
    var slot: Int32 = -1
    var session: Int32 = -1
    var backend: Int32 = -1
    /// Its entry of the health checks.
    var health: Int32 = -1
    /// Exchanges that began with it and have not ended.
    var inFlight: Int32 = 0
    var isRetired = false
    var weight: Int32 = 100
    /// Nanoseconds.
    var connectTimeout: UInt64 = 0
    var responseHeadTimeout: UInt64 = 0
    var idleTimeout: UInt64 = 0
    var maxBodyBytes = 0
    var maxRetries: UInt8 = 2
    /// Its entry in the table of texts.
    var texts = RouteTexts.none
    /// What tells the instance from the others, in every worker and after a restart.
    var key: UInt64 = 0
    /// Its next turn on the clock of round robin.
    var turn: UInt64 = 0
    /// The number in the sticky cookie that stands for this instance; 0 where clients are not kept.
    var stickyKey: UInt64 = 0
    var replacesHost = false
    /// Bytes that `strip_prefix` takes from the front of the path.
    var strippedBytes: Int32 = 0
    var loadBalancing = LoadBalancing.p2c
    var redirectsToHTTPS = false
    /// The backend cannot be talked to: its scheme asks for TLS or HTTP/2.
    var isUnspoken = false
    var breaker = Held<SharedCircuitBreaker>()
    var limiter = Held<SharedRateLimiter>()
    /// Maintenance: the backend is the maintenance backend, or nobody and the answer is ours.
    var maintenance = MaintenanceMode.off

    /// Whole seconds of the rate limit's window, at least 1.
    var windowSeconds: Int {
        let window = limiter.call { $0.settings.window } ?? .seconds(1)
        return max(1, Int((window / .seconds(1)).rounded(.up)))
    }

    /// Something has to be looked at before a request is sent on.
    @inline(__always) var isUnusual: Bool {
        maintenance == .builtIn || redirectsToHTTPS || isUnspoken || strippedBytes > 0 || !limiter.isNone
    }

}

/// Whether a route's requests go to its own backend.
enum MaintenanceMode: UInt8 {
    case off
    /// Answered by the maintenance backend.
    case backend
    /// Answered by the page of ours.
    case builtIn

    /// Seconds that clients are told to wait.
    static let retryAfter = 30
}

/// What a worker knows of a registry session: what steers traffic, and the drain's receipt.
struct SessionEntry: ~Copyable {
    var key = SessionKey(number: 0)
    var isConnected = true
    var drain: DrainRamp?
    /// There is a ramp: cheap to ask for every request.
    var isDraining = false
    /// Exchanges in flight on its routes.
    var inFlight: Int32 = 0
    /// Monotonic nanoseconds of the last request's begin, 0 for none.
    var lastRequestAt: UInt64 = 0
    /// Runtimes that name it.
    var references: Int32 = 0
    var isEnded = false
    var isFree = false

    /// 100 ... 0.
    func trafficPercent(_ now: UInt64) -> Int {
        drain?.trafficPercent(at: MonotonicTime(nanoseconds: now)) ?? 100
    }

    /// Steers the session's traffic from now on.
    mutating func set(_ state: SessionState) {
        isConnected = state.connected
        drain = state.drain
        isDraining = state.drain != nil
    }

    mutating func open(_ key: SessionKey) {
        self.key = key
        isConnected = true
        drain = nil
        isDraining = false
        inFlight = 0
        lastRequestAt = 0
        references = 0
        isEnded = false
        isFree = false
    }
}
