import ProxyModel
import Testing

@testable import TrafficPolicy

/// One limit, many threads.
@Suite struct SharedRateLimiterTests {
    @Test(arguments: [(1, 20), (100, 20), (200_000, 1)])
    func `Threads together let through exactly the limit`(requests: Int, rounds: Int) async {
        for round in 0..<rounds {
            let limiter = SharedRateLimiter(
                RateLimit(requests: requests, window: .seconds(60)), seed: UInt64(round))
            let passed = await inParallel(8) { _ in
                (0..<requests).count { _ in limiter.decide(IPAddress(v4: 1), now: .seconds(120)).isAllowed }
            }
            #expect(passed == requests)
        }
    }

    @Test func `Each of several clients gets its own limit exactly`() async {
        let limiter = SharedRateLimiter(RateLimit(requests: 50, window: .seconds(60)), seed: 1)
        // They take their cells one after the other; from then on nothing can be lost.
        for client in 0..<64 as Range<UInt32> { _ = limiter.decide(IPAddress(v4: client), now: .seconds(120)) }
        let passed = await inParallel(8) { thread in
            var passed = 0
            for step in 0..<20_000 {
                let client = UInt32((step * 7 + thread * 13) % 64)
                if limiter.decide(IPAddress(v4: client), now: .seconds(120)).isAllowed { passed += 1 }
            }
            return passed
        }
        #expect(passed == 64 * 49)
    }

    @Test func `A window that ends while all count ends for all`() async {
        let limiter = SharedRateLimiter(RateLimit(requests: 100, window: .seconds(1)), seed: 1)
        let passed = await inParallel(8) { _ in
            var passed = 0
            for step in 0..<4_000 {
                // The clock goes through four windows; each thread reads it for itself.
                let now = MonotonicTime.seconds(50 + Double(step) / 1_000)
                if limiter.decide(IPAddress(v4: 9), now: now).isAllowed { passed += 1 }
            }
            return passed
        }
        // 100 in the first window; later ones carry the one before. Never more than the limit per window.
        #expect(passed >= 100 && passed <= 400)
    }

    @Test func `New clients of all threads at once are few too many at worst`() async {
        let limiter = SharedRateLimiter(RateLimit(requests: 1, window: .seconds(60)), seed: 4)
        let passed = await inParallel(8) { _ in
            (0..<3_000 as Range<UInt32>).count { limiter.decide(IPAddress(v4: $0), now: .seconds(120)).isAllowed }
        }
        // One per client, and what the growth of the table may let through uncounted.
        #expect(passed >= 3_000 && passed <= 3_000 + 8 * 6 * 8, "\(passed)")
    }
}
