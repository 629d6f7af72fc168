import ProxyModel
import Testing

@testable import TrafficPolicy

/// The limit as one client, one thread and one clock see it.
@Suite struct RateLimiterTests {
    private static let client = IPAddress(v4: 0x0A00_0001)

    private func limiter(_ requests: Int, per window: Duration = .seconds(10)) -> SharedRateLimiter {
        SharedRateLimiter(RateLimit(requests: requests, window: window), seed: 7)
    }

    @Test(arguments: [1, 2, 100, 1_023, 1_024, 5_000])
    func `An idle client gets exactly the limit`(requests: Int) {
        let limiter = limiter(requests)
        for number in 0..<requests {
            let decision = limiter.decide(Self.client, now: .seconds(1_000))
            #expect(decision.isAllowed && decision.limit == requests && decision.remaining == requests - number - 1)
        }
        let refusal = limiter.decide(Self.client, now: .seconds(1_000))
        #expect(!refusal.isAllowed && refusal.remaining == 0 && refusal.resetSeconds == 10)
        #expect((10...20).contains(refusal.retryAfterSeconds))
    }

    @Test func `What was refused does not count`() {
        let limiter = limiter(10)
        for _ in 0..<1_000 { _ = limiter.decide(Self.client, now: .seconds(1_000)) }
        // Half of the window before still counts: 5 of 10.
        let passed = (0..<100).count { _ in limiter.decide(Self.client, now: .seconds(1_015)).isAllowed }
        #expect(passed == 5)
    }

    @Test func `After two idle windows all is forgotten`() {
        let limiter = limiter(10)
        for _ in 0..<20 { _ = limiter.decide(Self.client, now: .seconds(1_009)) }
        #expect((0..<20).count { _ in limiter.decide(Self.client, now: .seconds(1_020)).isAllowed } == 10)
    }

    @Test func `Retry-After says when a request is let through, and not earlier`() {
        for requests in [1, 3, 10, 2_000, 10_007] {
            let limiter = limiter(requests)
            var now = MonotonicTime.seconds(1_003)
            for _ in 0..<requests { _ = limiter.decide(Self.client, now: now) }
            for _ in 0..<6 {
                let refusal = limiter.decide(Self.client, now: now)
                #expect(!refusal.isAllowed && refusal.untilAllowed > 0)
                now = now + .nanoseconds(Int64(refusal.untilAllowed) - 2_000_000)
                #expect(!limiter.decide(Self.client, now: now).isAllowed, "\(requests) at \(now)")
                now = now + .nanoseconds(2_000_000)
                #expect(limiter.decide(Self.client, now: now).isAllowed, "\(requests) at \(now)")
                while limiter.decide(Self.client, now: now).isAllowed {}
            }
        }
    }

    @Test func `IPv6 clients are counted by network, IPv4 clients one by one`() throws {
        let limiter = limiter(1)
        func isAllowed(_ text: String) throws -> Bool {
            limiter.decide(try #require(IPAddress(text)), now: .seconds(5)).isAllowed
        }
        #expect(try isAllowed("2001:db8::1"))
        #expect(try !isAllowed("2001:db8::2"))
        #expect(try isAllowed("2001:db8:0:1::1"))
        #expect(try isAllowed("10.0.0.1"))
        #expect(try isAllowed("10.0.0.2"))
        #expect(try !isAllowed("::ffff:10.0.0.2"))
        #expect(try isAllowed("::a00:2"), "not the IPv4 address of the same number")
    }

    @Test func `A clock that is a little behind changes nothing`() {
        let limiter = limiter(10)
        #expect((0..<6).count { _ in limiter.decide(Self.client, now: .seconds(1_000)).isAllowed } == 6)
        #expect((0..<10).count { _ in limiter.decide(Self.client, now: .seconds(999.99)).isAllowed } == 4)
        #expect(!limiter.decide(Self.client, now: .seconds(1_000)).isAllowed)
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `Every decision is that of the formula`(seed: UInt64) {
        var random = Random(seed: seed)
        let requests = 1 + random.below(seed % 4 == 0 ? 900 : 20)
        let length: UInt64 = 1_000_000_000
        let limiter = limiter(requests, per: .seconds(1))
        var passed: [UInt64: Int] = [:]
        var now: UInt64 = length * UInt64(random.below(1 << 20))
        for _ in 0..<3_000 {
            now += random.next() % (random.below(500) == 0 ? 3 * length : length / UInt64(requests))
            let window = now / length
            let left = Double(length - now % length) / Double(length)
            let estimate = Double(passed[window - 1] ?? 0) * left + Double(passed[window] ?? 0)
            let decision = limiter.decide(Self.client, now: MonotonicTime(nanoseconds: now))
            let isClear = abs(estimate + 1 - Double(requests)) > 1e-6
            #expect(!isClear || decision.isAllowed == (estimate + 1 <= Double(requests)))
            if decision.isAllowed { passed[window, default: 0] += 1 }
        }
    }

    @Test func `Large limits are exact in a window, and off by a thousandth at most after it`() {
        let requests = 200_000
        let limiter = limiter(requests)
        #expect((0..<requests + 10).count { _ in limiter.decide(Self.client, now: .seconds(0)).isAllowed } == requests)
        let passed = (0..<requests).count { _ in limiter.decide(Self.client, now: .seconds(17.5)).isAllowed }
        #expect(passed <= 150_000 && passed >= 149_800)
    }

    @Test func `A flood of addresses stays within the bound and blocks nobody unfairly`() {
        let limiter = limiter(5)
        var random = Random(seed: 3)
        for _ in 0..<200_000 {
            let address = IPAddress(v4: UInt32(truncatingIfNeeded: random.next()))
            #expect(limiter.decide(address, now: .seconds(1)).isAllowed)
        }
        #expect(limiter.allocatedBytes == 87_360 * 16)
        #expect((0..<10).count { _ in limiter.decide(Self.client, now: .seconds(2)).isAllowed } == 5)
    }

    @Test func `In a flood the clients with the most requests are remembered`() {
        let limiter = SharedRateLimiter(
            RateLimit(requests: 10, window: .seconds(10)), seed: 5, maximumClients: 1_344)
        var random = Random(seed: 9)
        for _ in 0..<10 { _ = limiter.decide(Self.client, now: .seconds(1)) }
        for _ in 0..<20_000 {
            _ = limiter.decide(IPAddress(v4: UInt32(truncatingIfNeeded: random.next())), now: .seconds(1))
        }
        #expect(!limiter.decide(Self.client, now: .seconds(1)).isAllowed)
        #expect(limiter.allocatedBytes == 1_344 * 16)
    }

    @Test func `Memory follows the clients that there are, and the cells of gone ones are used again`() {
        let limiter = limiter(5)
        #expect(limiter.allocatedBytes == 0)
        for round in 0..<1_000 {
            for client in 0..<8 as Range<UInt32> {
                let address = IPAddress(v4: UInt32(round) << 8 | client)
                #expect(limiter.decide(address, now: .seconds(Double(round) * 20)).isAllowed)
            }
        }
        #expect(limiter.allocatedBytes <= 320 * 16, "8,000 clients, 8 at a time")
    }
}
