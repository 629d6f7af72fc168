import ProxyModel
import Testing

@testable import TrafficPolicy

@Suite struct HealthAndRetryTests {
    @Test(
        arguments: [
            ([true, false, true, false], [.none, .none, .none, .none]),
            ([false, false, false, true], [.none, .becameUnhealthy, .none, .becameHealthy]),
            ([false, false, true, false, false], [.none, .becameUnhealthy, .becameHealthy, .none, .becameUnhealthy]),
        ] as [([Bool], [HealthState.Transition])])
    func `Two failures in a row make a backend unhealthy, one success healthy`(
        checks: [Bool], expected: [HealthState.Transition]
    ) {
        var state = HealthState()
        #expect(state.isHealthy)
        #expect(checks.map { state.checked(succeeded: $0) } == expected)
    }

    @Test func `An ejection doubles from one second to thirty`() {
        var state = EjectionState()
        var now = MonotonicTime.seconds(10)
        #expect(!state.isEjected(at: now) && state.end(after: now) == nil)
        for (index, length) in [1, 2, 4, 8, 16, 30, 30, 30].enumerated() {
            #expect(state.failed(at: now) == (index == 0))
            #expect(state.end(after: now) == now + .seconds(length))
            #expect(state.failed(at: now + .milliseconds(500)) == false, "a failure within the time does not count")
            now = now + .seconds(length)
            #expect(!state.isEjected(at: now))
        }
        #expect(state.succeeded() == true)
        #expect(state.succeeded() == false)
        #expect(state.failed(at: now) == true)
        #expect(state.end(after: now) == now + .seconds(1))
    }

    @Test func `Retries are a share of the traffic`() {
        var budget = RetryBudget(percent: 20, floorPerSecond: 0)
        #expect(budget.tryRetry(now: .seconds(100)) == false)
        for _ in 0..<1_000 { budget.recordRequest() }
        #expect((0..<1_000).count { _ in budget.tryRetry(now: .seconds(101)) } == 200)
    }

    @Test func `A few retries per second are free`() {
        var budget = RetryBudget(percent: 20, floorPerSecond: 3)
        #expect((0..<100).count { _ in budget.tryRetry(now: .seconds(100)) } == 30)
        #expect((0..<100).count { _ in budget.tryRetry(now: .seconds(115)) } == 15, "half of the last window is over")
        #expect((0..<100).count { _ in budget.tryRetry(now: .seconds(200)) } == 30)
    }

    @Test func `When everything fails for long, retries stay at their share`() {
        var budget = RetryBudget(percent: 20, floorPerSecond: 1)
        var retries = 0
        for request in 0..<100_000 {
            budget.recordRequest()
            if budget.tryRetry(now: .seconds(1_000 + Double(request) / 1_000)) { retries += 1 }
        }
        #expect((19_000...21_500).contains(retries), "\(retries) of 100,000 in 100 s")
    }

    @Test func `An hour of traffic is no credit for a burst of retries`() {
        var budget = RetryBudget(percent: 20, floorPerSecond: 0)
        _ = budget.tryRetry(now: .seconds(100))
        for _ in 0..<360_000 { budget.recordRequest() }
        let granted = (0..<100_000).count { _ in budget.tryRetry(now: .seconds(3_700)) }
        #expect(granted == 200, "100 requests a second are 1,000 in ten seconds")
    }

    @Test func `Random numbers are spread evenly and differ between seeds`() {
        var source = RandomSource(seed: 1)
        var counts = [Int](repeating: 0, count: 10)
        var bits = [Int](repeating: 0, count: 64)
        for _ in 0..<100_000 {
            counts[Int(source.next(below: 10))] += 1
            let number = source.next()
            for bit in 0..<64 where number >> UInt64(bit) & 1 == 1 { bits[bit] += 1 }
        }
        #expect(counts.allSatisfy { abs($0 - 10_000) < 400 })
        #expect(bits.allSatisfy { abs($0 - 50_000) < 700 })
        var first = RandomSource(seed: 1)
        var second = RandomSource(seed: 2)
        #expect((0..<100).allSatisfy { _ in first.next() != second.next() })
        #expect(first.next(below: 0) == 0 && first.next(below: 1) == 0)
    }
}
