import ProxyModel

/// How many requests may be sent again: a share of the traffic of about the last ten seconds, and a few per second in
/// any case. It keeps retries from multiplying the load on backends that fail because of their load.
///
/// Counting a request is one addition; the time is looked at only when a retry is wanted.
public struct RetryBudget: Sendable {
    private static let window: UInt64 = 10_000_000_000

    private let percent: UInt64
    private let floor: UInt64
    private var windowStart: UInt64 = 0
    @usableFromInline var requests: UInt64 = 0
    private var retries: UInt64 = 0
    private var previousRequests: UInt64 = 0
    private var previousRetries: UInt64 = 0

    /// A budget of `percent` of the requests and, whatever the traffic, `floorPerSecond` retries per second.
    public init(percent: Int = 20, floorPerSecond: Int = 10) {
        precondition(percent >= 0 && floorPerSecond >= 0, "a budget is not negative")
        self.percent = UInt64(percent)
        floor = UInt64(floorPerSecond) * 10
    }

    /// Counts a request (not its retries).
    @inlinable
    @inline(__always)
    public mutating func recordRequest() {
        requests &+= 1
    }

    /// Whether a request may be sent again now; if so, that is counted.
    public mutating func tryRetry(now: MonotonicTime) -> Bool {
        advance(to: now.nanoseconds)
        // The window before counts as far as the last ten seconds reach into it.
        let left = Self.window - min(now.nanoseconds &- windowStart, Self.window)
        let seen = requests &+ Self.share(left, of: previousRequests)
        let used = retries &+ Self.share(left, of: previousRetries)
        guard used < seen &* percent / 100 &+ floor else { return false }
        retries &+= 1
        return true
    }

    private mutating func advance(to now: UInt64) {
        let elapsed = now >= windowStart ? now - windowStart : 0
        guard elapsed >= Self.window else { return }
        // When the requests since the window's start came is not known: as if they had come evenly.
        let rest = elapsed % Self.window
        previousRequests = Self.scale(requests, by: Self.window, over: elapsed)
        requests = Self.scale(requests, by: rest, over: elapsed)
        previousRetries = elapsed < 2 * Self.window ? retries : 0
        retries = 0
        windowStart = now - rest
    }

    private static func share(_ left: UInt64, of count: UInt64) -> UInt64 { scale(count, by: left, over: window) }

    private static func scale(_ count: UInt64, by part: UInt64, over whole: UInt64) -> UInt64 {
        // The quotient fits: part is not more than whole.
        whole.dividingFullWidth(count.multipliedFullWidth(by: part)).quotient
    }
}
