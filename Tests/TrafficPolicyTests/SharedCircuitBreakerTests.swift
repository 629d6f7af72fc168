import ProxyModel
import Synchronization
import Testing

@testable import TrafficPolicy

/// One breaker, many threads.
@Suite struct SharedCircuitBreakerTests {
    private func make(threshold: Int = 5, halfOpen: Int = 3) -> SharedCircuitBreaker {
        SharedCircuitBreaker(
            CircuitBreakerSettings(threshold: threshold, timeout: .seconds(10), halfOpenRequests: halfOpen))
    }

    private func open(_ breaker: SharedCircuitBreaker, at time: Double) {
        for _ in 0..<breaker.settings.threshold {
            _ = breaker.requestFailed(breaker.admit(now: .seconds(time)), now: .seconds(time))
        }
    }

    @Test func `The status shows what has happened`() {
        let breaker = make()
        #expect(
            breaker.status == CircuitStatus(state: .closed, failures: 0, lastFailure: nil, nextAttempt: nil))
        let late = breaker.admit(now: .seconds(0))
        open(breaker, at: 20)
        #expect(breaker.status.state == .open)
        #expect(breaker.status.failures == 5)
        #expect(breaker.status.lastFailure == WallTime(seconds: 1_000_020))
        #expect(breaker.status.nextAttempt == .seconds(30.001))
        #expect(breaker.requestFailed(late, now: .seconds(22)) == .none)
        #expect(breaker.status.failures == 6, "also of a request that was on its way")
        #expect(!breaker.admit(now: .seconds(29)).isAllowed)
        let tests = (0..<3).map { _ in breaker.admit(now: .seconds(31)) }
        #expect(breaker.status.state == .halfOpen)
        #expect(tests.map { breaker.requestSucceeded($0) } == [.none, .none, .closed])
        #expect(breaker.status.state == .closed && breaker.status.failures == 0)
        #expect(breaker.status.lastFailure == WallTime(seconds: 1_000_022))
    }

    @Test func `A success ends a row of failures, one of an earlier round does not`() {
        let breaker = make()
        let stale = breaker.admit(now: .seconds(0))
        open(breaker, at: 0)
        breaker.reset()
        #expect(breaker.status.state == .closed && breaker.status.failures == 0)
        for _ in 0..<4 { _ = breaker.requestFailed(breaker.admit(now: .seconds(1)), now: .seconds(1)) }
        #expect(breaker.requestSucceeded(stale) == .none)
        #expect(breaker.status.failures == 4)
        #expect(breaker.requestSucceeded(breaker.admit(now: .seconds(1))) == .none)
        #expect(breaker.status.failures == 0)
        for _ in 0..<4 { _ = breaker.requestFailed(breaker.admit(now: .seconds(1)), now: .seconds(1)) }
        #expect(breaker.status.state == .closed)
    }

    @Test(arguments: [1, 3, 50])
    func `A half-open circuit lets through exactly the set number, whoever asks`(halfOpen: Int) async {
        for _ in 0..<20 {
            let breaker = make(halfOpen: halfOpen)
            open(breaker, at: 0)
            let passed = await inParallel(8) { _ in
                (0..<200).count { _ in breaker.admit(now: .seconds(11)).isAllowed }
            }
            #expect(passed == halfOpen)
        }
    }

    @Test func `Abandoned tests come back, none twice and none lost`() async {
        let breaker = make(halfOpen: 4)
        open(breaker, at: 0)
        let inFlight = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        _ = await inParallel(8) { _ in
            for _ in 0..<2_000 {
                let admission = breaker.admit(now: .seconds(11))
                guard admission.isAllowed else { continue }
                let now = inFlight.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
                _ = most.max(now, ordering: .sequentiallyConsistent)
                inFlight.wrappingSubtract(1, ordering: .sequentiallyConsistent)
                breaker.requestAbandoned(admission)
            }
            return 0
        }
        #expect((1...4).contains(most.load(ordering: .sequentiallyConsistent)))
        #expect((0..<10).count { _ in breaker.admit(now: .seconds(11)).isAllowed } == 4)
    }

    @Test func `Exactly one failure opens the circuit and exactly one success closes it`() async {
        for _ in 0..<50 {
            let breaker = make(threshold: 100, halfOpen: 16)
            let opened = await inParallel(8) { _ in
                (0..<50).count { _ in
                    breaker.requestFailed(breaker.admit(now: .seconds(0)), now: .seconds(0)) == .opened
                }
            }
            #expect(opened == 1)
            let closed = await inParallel(8) { _ in
                (0..<2).count { _ in breaker.requestSucceeded(breaker.admit(now: .seconds(11))) == .closed }
            }
            #expect(closed == 1)
            #expect(breaker.status.state == .closed)
        }
    }
}
