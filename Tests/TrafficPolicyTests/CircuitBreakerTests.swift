import ProxyModel
import Testing

@testable import TrafficPolicy

/// The rules of the breaker, event by event.
@Suite struct CircuitBreakerTests {
    private static let settings = CircuitBreakerSettings(threshold: 3, timeout: .seconds(30), halfOpenRequests: 2)

    /// A breaker with a clock, for short tests.
    private struct Subject {
        var breaker = CircuitBreaker()
        var now = MonotonicTime.seconds(100)

        mutating func admit() -> CircuitAdmission {
            breaker.admit(now: now, settings: CircuitBreakerTests.settings)
        }

        mutating func succeed(_ admission: CircuitAdmission) -> CircuitTransition {
            breaker.requestSucceeded(admission, settings: CircuitBreakerTests.settings)
        }

        mutating func fail(_ admission: CircuitAdmission) -> CircuitTransition {
            breaker.requestFailed(admission, now: now, settings: CircuitBreakerTests.settings)
        }

        /// Three failures in a row.
        mutating func open() {
            for _ in 0..<3 { _ = fail(admit()) }
        }

        /// Open, and the time-out over.
        mutating func expire() {
            open()
            now = now + .seconds(31)
        }
    }

    @Test func `A closed circuit lets everything through`() {
        var subject = Subject()
        #expect(subject.breaker.state == .closed)
        for _ in 0..<100 {
            let admission = subject.admit()
            #expect(admission.isAllowed && !admission.isTest)
            #expect(subject.succeed(admission) == .none)
        }
        #expect(subject.breaker.nextAttempt == nil)
    }

    @Test func `Only failures in a row open it`() {
        var subject = Subject()
        for _ in 0..<5 {
            #expect(subject.fail(subject.admit()) == .none)
            #expect(subject.fail(subject.admit()) == .none)
            #expect(subject.succeed(subject.admit()) == .none)
        }
        #expect(subject.fail(subject.admit()) == .none)
        #expect(subject.fail(subject.admit()) == .none)
        #expect(subject.fail(subject.admit()) == .opened)
        #expect(subject.breaker.state == .open)
        #expect(!subject.admit().isAllowed)
    }

    @Test func `An open circuit refuses until its time-out is over, to the millisecond`() throws {
        var subject = Subject()
        subject.open()
        let next = try #require(subject.breaker.nextAttempt)
        #expect(next >= .seconds(130) && next <= .seconds(130.001))
        subject.now = .seconds(129.999)
        #expect(!subject.admit().isAllowed)
        subject.now = next
        let test = subject.admit()
        #expect(test.isAllowed && test.isTest)
        #expect(subject.breaker.state == .halfOpen)
    }

    @Test func `A half-open circuit lets through what it is told to and closes when all of it has succeeded`() {
        var subject = Subject()
        subject.expire()
        let first = subject.admit()
        let second = subject.admit()
        #expect(first.isTest && second.isTest)
        #expect(!subject.admit().isAllowed)
        #expect(subject.succeed(first) == .none)
        #expect(!subject.admit().isAllowed, "a success makes no room for another test")
        #expect(subject.succeed(second) == .closed)
        #expect(subject.breaker.state == .closed)
        #expect(!subject.admit().isTest)
    }

    @Test func `One failed test opens it for another time-out`() {
        var subject = Subject()
        subject.expire()
        let first = subject.admit()
        let second = subject.admit()
        #expect(subject.succeed(first) == .none)
        #expect(subject.fail(second) == .opened)
        #expect(subject.breaker.state == .open)
        subject.now = subject.now + .seconds(29)
        #expect(!subject.admit().isAllowed)
        subject.now = subject.now + .seconds(2)
        #expect(subject.admit().isTest)
    }

    @Test func `A test that is abandoned gives its place to another`() {
        var subject = Subject()
        subject.expire()
        let first = subject.admit()
        let second = subject.admit()
        subject.breaker.requestAbandoned(first)
        let third = subject.admit()
        #expect(third.isTest)
        #expect(!subject.admit().isAllowed)
        #expect(subject.succeed(second) == .none)
        #expect(subject.succeed(third) == .closed)
    }

    @Test func `Outcomes of an earlier round say nothing`() {
        var subject = Subject()
        let early = (0..<6).map { _ in subject.admit() }
        subject.open()
        #expect(subject.succeed(early[0]) == .none && subject.breaker.state == .open)
        #expect(subject.fail(early[1]) == .none)
        subject.now = subject.now + .seconds(31)
        let test = subject.admit()
        #expect(subject.succeed(early[2]) == .none && subject.breaker.state == .halfOpen)
        #expect(subject.fail(early[3]) == .none && subject.breaker.state == .halfOpen)
        subject.breaker.requestAbandoned(early[4])
        #expect(subject.admit().isTest && !subject.admit().isAllowed)
        subject.breaker.reset()
        #expect(subject.breaker.state == .closed)
        #expect(subject.fail(test) == .none)
        #expect(subject.fail(subject.admit()) == .none)
        #expect(subject.fail(subject.admit()) == .none)
        #expect(subject.breaker.state == .closed, "the failed test of before did not count")
    }

    @Test func `A threshold of one opens at the first failure and one test closes`() {
        let settings = CircuitBreakerSettings(threshold: 1, timeout: .milliseconds(1), halfOpenRequests: 1)
        var breaker = CircuitBreaker()
        let admission = breaker.admit(now: .zero, settings: settings)
        #expect(breaker.requestFailed(admission, now: .zero, settings: settings) == .opened)
        #expect(!breaker.admit(now: .zero, settings: settings).isAllowed)
        let test = breaker.admit(now: .seconds(0.01), settings: settings)
        #expect(test.isTest)
        #expect(breaker.requestSucceeded(test, settings: settings) == .closed)
    }

    @Test func `The largest settings fit`() {
        let most = 1_000_000
        let settings = CircuitBreakerSettings(threshold: most, timeout: .seconds(86_400), halfOpenRequests: most)
        var breaker = CircuitBreaker()
        for _ in 1..<most { _ = breaker.requestFailed(breaker.closedAdmission, now: .zero, settings: settings) }
        #expect(breaker.state == .closed)
        #expect(breaker.requestFailed(breaker.closedAdmission, now: .zero, settings: settings) == .opened)
        let now = MonotonicTime.seconds(86_401)
        let tests = (0..<most).map { _ in breaker.admit(now: now, settings: settings) }
        #expect(!tests.contains { !$0.isTest })
        #expect(!breaker.admit(now: now, settings: settings).isAllowed)
        for test in tests.dropLast() { _ = breaker.requestSucceeded(test, settings: settings) }
        #expect(breaker.state == .halfOpen)
        #expect(breaker.requestSucceeded(tests[0], settings: settings) == .closed)
    }
}
