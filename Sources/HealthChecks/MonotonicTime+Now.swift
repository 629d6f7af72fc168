import Glibc
import ProxyModel

extension MonotonicTime {
    /// The reading of the system's monotonic clock.
    static var now: MonotonicTime {
        var time = timespec()
        // Safe because the pointer is used only during the call, which cannot fail for this clock.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}
