import Glibc
import ProxyModel

/// The system's clocks.
public enum SystemClock {
    /// The reading of the monotonic clock.
    public static var monotonic: MonotonicTime {
        var time = timespec()
        // Safe because the pointer is used only during the call, which cannot fail for this clock.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// The reading of both clocks.
    public static var moment: Moment {
        Moment(monotonic: monotonic, wall: WallTime(seconds: Int64(time(nil))))
    }
}

extension MonotonicTime {
    /// The reading of the system's monotonic clock.
    static var now: MonotonicTime { SystemClock.monotonic }
}
