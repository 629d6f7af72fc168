/// A point on a clock that only runs forward: for deadlines and intervals, meaningless between processes.
public struct MonotonicTime: Comparable, Hashable, Sendable {
    /// Nanoseconds since an arbitrary start.
    public var nanoseconds: UInt64

    /// The start of the clock.
    public static let zero = MonotonicTime(nanoseconds: 0)

    /// The point `nanoseconds` after the clock's start.
    @inlinable
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Whether `left` is earlier.
    @inlinable
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The point that lies `duration` later (earlier for a negative one); stops at the ends of the clock.
    @inlinable
    public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let step = duration.clampedNanoseconds
        let (sum, overflow) =
            step >= 0
            ? time.nanoseconds.addingReportingOverflow(UInt64(step))
            : time.nanoseconds.subtractingReportingOverflow(step.magnitude)
        guard overflow else { return MonotonicTime(nanoseconds: sum) }
        return MonotonicTime(nanoseconds: step >= 0 ? .max : 0)
    }

    /// The time from `right` to `left`; negative where `left` is earlier.
    @inlinable
    public static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        left >= right
            ? .nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
            : .nanoseconds(-Int64(clamping: right.nanoseconds - left.nanoseconds))
    }
}

extension Duration {
    /// The duration in whole nanoseconds, clamped to what `Int64` holds (±292 years).
    @inlinable
    public var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, tooBig) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard tooBig || overflow else { return sum }
        return seconds < 0 ? .min : .max
    }
}
