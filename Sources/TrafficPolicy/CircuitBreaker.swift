import ProxyModel

/// Where a circuit stands.
public enum CircuitState: UInt8, Hashable, Sendable {
    /// Requests pass.
    case closed = 0
    /// Requests are refused at once.
    case open = 1
    /// A set number of requests pass as a test.
    case halfOpen = 2
}

/// Whether a request may go to the backend. The outcome of one that may is reported to the breaker exactly once, with
/// this admission. Trivial.
public struct CircuitAdmission: BitwiseCopyable, Hashable, Sendable {
    /// The round of the breaker that admitted it, -1 for a refusal. Outcomes that come in a later round say nothing
    /// about that round.
    @usableFromInline let round: Int32
    /// Whether it is one of the test requests of a half-open circuit.
    public let isTest: Bool

    @inlinable
    init(round: Int32, isTest: Bool) {
        self.round = round
        self.isTest = isTest
    }

    /// Whether the request may go to the backend.
    @inlinable public var isAllowed: Bool { round >= 0 }

    /// The circuit is open, or all test requests are on their way.
    @inlinable static var refused: CircuitAdmission { CircuitAdmission(round: -1, isTest: false) }
}

/// What an outcome has changed; worth a line in the log.
public enum CircuitTransition: Hashable, Sendable {
    /// Nothing.
    case none
    /// Too many failures in a row, or a test request failed.
    case opened
    /// All test requests succeeded.
    case closed
}

/// The rules of a circuit breaker as a pure state machine that fits into one word, so that workers can share it by
/// compare-and-exchange (``SharedCircuitBreaker``).
///
/// - closed: requests pass; `threshold` failures in a row open the circuit.
/// - open: requests are refused; the first that comes after `timeout` makes the circuit half-open and is let through.
/// - half-open: `halfOpenRequests` requests are let through, no more. When all of them have succeeded the circuit
///   closes; when one fails it opens again. One that is abandoned gives its place to another.
///
/// Each change of state begins a new round. Outcomes of requests that an earlier round admitted are not looked at.
public struct CircuitBreaker: BitwiseCopyable, Hashable, Sendable {
    /// State in bits 0...1, round in bits 2...23, then 40 bits: closed: failures in a row; open: the end in
    /// milliseconds; half-open: 20 bits of requests let through, 20 bits of those that succeeded.
    @usableFromInline var bits: UInt64

    @inlinable
    init(bits: UInt64) { self.bits = bits }

    /// A closed circuit.
    public init() { bits = 0 }

    private init(_ state: CircuitState, round: UInt64, payload: UInt64) {
        bits = UInt64(state.rawValue) | (round & Self.roundMask) << 2 | payload << 24
    }

    private static let roundMask: UInt64 = 0x3F_FFFF
    private static let countMask: UInt64 = 0xF_FFFF

    private var round: UInt64 { bits >> 2 & Self.roundMask }
    private var payload: UInt64 { bits >> 24 }
    private var admitted: UInt64 { payload & Self.countMask }
    private var succeeded: UInt64 { payload >> 20 }

    @inlinable
    @inline(__always)
    var isClosed: Bool { bits & 3 == 0 }

    /// No failures since the last success, or since the circuit closed.
    @inlinable
    @inline(__always)
    var isSound: Bool { bits & ~0xFF_FFFC == 0 }

    /// The admission of a request that comes while the circuit is closed.
    @inlinable
    @inline(__always)
    var closedAdmission: CircuitAdmission {
        CircuitAdmission(round: Int32(truncatingIfNeeded: bits &>> 2 & 0x3F_FFFF), isTest: false)
    }

    /// Where the circuit stands. An open one whose time is over shows as open until a request comes.
    public var state: CircuitState {
        bits & 3 == 0 ? .closed : bits & 3 == 1 ? .open : .halfOpen
    }

    /// When an open circuit will let a test request through; `nil` for the others.
    public var nextAttempt: MonotonicTime? {
        state == .open ? MonotonicTime(nanoseconds: payload * 1_000_000) : nil
    }

    /// Whether a request may go to the backend now.
    public mutating func admit(now: MonotonicTime, settings: CircuitBreakerSettings) -> CircuitAdmission {
        switch state {
        case .closed: return closedAdmission
        case .open:
            guard now.nanoseconds / 1_000_000 >= payload else { return .refused }
            self = CircuitBreaker(.halfOpen, round: round + 1, payload: 1)
        case .halfOpen:
            guard admitted < UInt64(settings.halfOpenRequests) else { return .refused }
            self = CircuitBreaker(.halfOpen, round: round, payload: payload + 1)
        }
        return CircuitAdmission(round: Int32(round), isTest: true)
    }

    /// The backend answered a request.
    public mutating func requestSucceeded(
        _ admission: CircuitAdmission, settings: CircuitBreakerSettings
    ) -> CircuitTransition {
        guard isOfThisRound(admission) else { return .none }
        switch state {
        case .open: return .none
        case .closed:
            self = CircuitBreaker(.closed, round: round, payload: 0)
            return .none
        case .halfOpen:
            guard succeeded + 1 >= UInt64(settings.halfOpenRequests) else {
                self = CircuitBreaker(.halfOpen, round: round, payload: payload + 1 << 20)
                return .none
            }
            self = CircuitBreaker(.closed, round: round + 1, payload: 0)
            return .closed
        }
    }

    /// A request failed.
    public mutating func requestFailed(
        _ admission: CircuitAdmission, now: MonotonicTime, settings: CircuitBreakerSettings
    ) -> CircuitTransition {
        guard isOfThisRound(admission) else { return .none }
        switch state {
        case .open: return .none
        case .closed:
            guard payload + 1 >= UInt64(settings.threshold) else {
                self = CircuitBreaker(.closed, round: round, payload: payload + 1)
                return .none
            }
        case .halfOpen: break
        }
        let end = (now + settings.timeout).nanoseconds / 1_000_000 + 1
        self = CircuitBreaker(.open, round: round + 1, payload: min(end, 1 << 40 - 1))
        return .opened
    }

    /// A request ended without telling anything about the backend: the client went away before the answer.
    public mutating func requestAbandoned(_ admission: CircuitAdmission) {
        guard isOfThisRound(admission), state == .halfOpen else { return }
        self = CircuitBreaker(.halfOpen, round: round, payload: payload - 1)
    }

    /// Closes the circuit, whatever has happened.
    public mutating func reset() {
        self = CircuitBreaker(.closed, round: round + 1, payload: 0)
    }

    private func isOfThisRound(_ admission: CircuitAdmission) -> Bool {
        admission.isAllowed && UInt64(admission.round) == round
    }
}
