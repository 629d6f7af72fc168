import ProxyModel
import Synchronization

/// What CIRCUIT_BREAKER_STATUS tells.
public struct CircuitStatus: Hashable, Sendable {
    /// Where the circuit stands.
    public var state: CircuitState
    /// Failures since the last success, those of requests that were on their way when the circuit opened included.
    public var failures: Int
    /// When the last failure was, `nil` where none was since the start.
    public var lastFailure: WallTime?
    /// When an open circuit lets a test request through.
    public var nextAttempt: MonotonicTime?

    /// A status of these parts.
    public init(state: CircuitState, failures: Int, lastFailure: WallTime?, nextAttempt: MonotonicTime?) {
        self.state = state
        self.failures = failures
        self.lastFailure = lastFailure
        self.nextAttempt = nextAttempt
    }
}

/// A circuit breaker that all workers use at once.
///
/// While the circuit is closed and nothing fails, a request costs two relaxed loads of a word that nobody writes: one
/// for ``admit(now:)``, one for ``requestSucceeded(_:)``. All changes are single compare-and-exchange steps of the pure
/// ``CircuitBreaker``, so that a half-open circuit lets through exactly as many requests as it is told to.
///
/// Whoever calls it per request should not count references per request: all workers would write to one cache line.
/// Keep one strong reference where the route's settings are (control plane, per-route record) and call through an
/// `Unmanaged` or `unowned(unsafe)` reference beside it, which must go when the strong one does.
public final class SharedCircuitBreaker: Sendable {
    /// Threshold, timeout and test requests.
    public let settings: CircuitBreakerSettings
    @usableFromInline let word = Atomic<UInt64>(0)
    private let failures = Atomic<Int>(0)
    /// Seconds since 1970, `Int64.min` for none.
    private let lastFailure = Atomic<Int64>(.min)

    /// A closed circuit with these settings.
    public init(_ settings: CircuitBreakerSettings) {
        // What fits into the word of the state machine; the registry's limits are the same.
        let counts = 1...1_000_000
        precondition(counts.contains(settings.threshold) && counts.contains(settings.halfOpenRequests))
        self.settings = settings
    }

    /// Whether a request may go to the backend now. Any thread.
    @inlinable
    @inline(__always)
    public func admit(now: MonotonicTime) -> CircuitAdmission {
        let breaker = CircuitBreaker(bits: word.load(ordering: .relaxed))
        return breaker.isClosed ? breaker.closedAdmission : admitTest(now: now)
    }

    /// The backend answered a request that was admitted. Any thread.
    @inlinable
    @inline(__always)
    public func requestSucceeded(_ admission: CircuitAdmission) -> CircuitTransition {
        let breaker = CircuitBreaker(bits: word.load(ordering: .relaxed))
        return breaker.isSound ? .none : countSuccess(admission)
    }

    /// A request that was admitted failed: no connection, a time-out, a reset before the head of the response was
    /// complete, or 502, 503 or 504. Any thread.
    public func requestFailed(_ admission: CircuitAdmission, now: Moment) -> CircuitTransition {
        lastFailure.store(now.wall.seconds, ordering: .relaxed)
        failures.wrappingAdd(1, ordering: .relaxed)
        return update { $0.requestFailed(admission, now: now.monotonic, settings: settings) }
    }

    /// A request that was admitted ended without telling anything about the backend. Any thread.
    public func requestAbandoned(_ admission: CircuitAdmission) {
        if admission.isTest { update { $0.requestAbandoned(admission) } }
    }

    /// Closes the circuit. Any thread.
    public func reset() {
        update { $0.reset() }
        failures.store(0, ordering: .relaxed)
    }

    /// The circuit as it is now. Any thread; the parts may be those of neighbouring moments.
    public var status: CircuitStatus {
        let breaker = CircuitBreaker(bits: word.load(ordering: .acquiring))
        let seconds = lastFailure.load(ordering: .relaxed)
        return CircuitStatus(
            state: breaker.state, failures: failures.load(ordering: .relaxed),
            lastFailure: seconds == .min ? nil : WallTime(seconds: seconds), nextAttempt: breaker.nextAttempt)
    }

    @usableFromInline
    @inline(never)
    func admitTest(now: MonotonicTime) -> CircuitAdmission {
        update { $0.admit(now: now, settings: settings) }
    }

    @usableFromInline
    @inline(never)
    func countSuccess(_ admission: CircuitAdmission) -> CircuitTransition {
        let (transition, isSound) = update { breaker in
            let transition = breaker.requestSucceeded(admission, settings: settings)
            return (transition, breaker.isSound)
        }
        if isSound { failures.store(0, ordering: .relaxed) }
        return transition
    }

    /// Carries out one step of the state machine. Lock-free; a step that changes nothing writes nothing.
    @discardableResult
    @inline(__always)
    private func update<Result>(_ step: (inout CircuitBreaker) -> Result) -> Result {
        var old = word.load(ordering: .relaxed)
        while true {
            var breaker = CircuitBreaker(bits: old)
            let result = step(&breaker)
            if breaker.bits == old { return result }
            let (exchanged, current) = word.compareExchange(
                expected: old, desired: breaker.bits, ordering: .acquiringAndReleasing)
            if exchanged { return result }
            old = current
        }
    }
}
