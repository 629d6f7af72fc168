/// What active health checks say of a backend: two failures in a row make it unhealthy, one success healthy again. It
/// is healthy before the first check.
public struct HealthState: BitwiseCopyable, Hashable, Sendable {
    /// What a check has changed.
    public enum Transition: Hashable, Sendable {
        /// Nothing.
        case none
        /// It was healthy and is not any more.
        case becameUnhealthy
        /// It was unhealthy and is not any more.
        case becameHealthy
    }

    /// Failures in a row that make a backend unhealthy.
    public static let threshold: UInt8 = 2

    private var failures: UInt8 = 0

    /// Healthy.
    public init() {}

    /// Whether requests may be sent.
    public var isHealthy: Bool { failures < Self.threshold }

    /// A check has ended.
    public mutating func checked(succeeded: Bool) -> Transition {
        let wasHealthy = isHealthy
        failures = succeeded ? 0 : min(failures + 1, Self.threshold)
        switch (wasHealthy, isHealthy) {
        case (true, false): return .becameUnhealthy
        case (false, true): return .becameHealthy
        case (true, true), (false, false): return .none
        }
    }
}
