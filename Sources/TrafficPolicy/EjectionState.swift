import ProxyModel

/// Keeps requests away from a backend that refuses or does not answer connections: for 1 s after the first failure,
/// twice as long after each further one in a row, at most 30 s. When the time is over the next request tries it again.
public struct EjectionState: BitwiseCopyable, Sendable {
    /// How long the first failure keeps requests away, in nanoseconds.
    static let shortest: UInt64 = 1_000_000_000
    /// The longest time, in nanoseconds.
    static let longest: UInt64 = 30_000_000_000

    private var until: UInt64 = 0
    /// Failures in a row.
    public private(set) var failures: UInt32 = 0

    /// Nothing has failed.
    public init() {}

    /// Whether requests go elsewhere now, where they can.
    @inline(__always)
    public func isEjected(at now: MonotonicTime) -> Bool { now.nanoseconds < until }

    /// A connection failed. One that was begun before the last failure and fails during the time that it has brought
    /// does not count again.
    ///
    /// - Returns: Whether it was the first failure in a row: then it is worth a line in the log.
    public mutating func failed(at now: MonotonicTime) -> Bool {
        if isEjected(at: now) { return false }
        let length = min(Self.shortest << UInt64(min(failures, 5)), Self.longest)
        failures &+= 1
        until = now.nanoseconds &+ length
        return failures == 1
    }

    /// A connection was made.
    ///
    /// - Returns: Whether failures went before.
    @inline(__always)
    public mutating func succeeded() -> Bool {
        if failures == 0 { return false }
        failures = 0
        until = 0
        return true
    }

    /// When requests come back; `nil` where nothing keeps them away at this time.
    public func end(after now: MonotonicTime) -> MonotonicTime? {
        isEjected(at: now) ? MonotonicTime(nanoseconds: until) : nil
    }
}
