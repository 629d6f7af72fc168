import HealthChecks
import Logging
import ProxyModel
import Synchronization
import Testing

@testable import ApusServer

@Suite(.timeLimit(.minutes(1))) struct PublisherTests {
    /// What reached the workers, in order, by the first route or session that each delta names.
    private final class Workers: Sendable {
        let served = Mutex<[RoutingDelta]>([])
    }

    /// Name resolution that answers when the test says so.
    private final class Gate: Sendable {
        let isOpen = Mutex(false)
    }

    private func withPublisher(
        _ workers: Workers, _ gate: Gate, _ body: (Publisher) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test")
        let resolver = Resolver(interval: .seconds(10), policy: .init(), logger: logger) { host throws(LookupError) in
            while host == "slow", !gate.isOpen.withLock(\.self) {}
            return [.loopbackV4]
        } publish: { _, _, _ in
        }
        let checker = HealthChecker(logger: logger) { _ in
            .answered(.init(status: 200, duration: .zero, isCertificateValid: nil))
        } report: { _, _, _, _ in
        }
        let publisher = Publisher(resolver: resolver, checker: checker) { delta, whenServed in
            workers.served.withLock { $0.append(delta) }
            whenServed()
        }
        let running = Task { await publisher.run() }
        try await body(publisher)
        running.cancel()
        await checker.stop()
    }

    private func publish(_ delta: RoutingDelta, by publisher: Publisher) async {
        await withCheckedContinuation { continuation in publisher.publish(delta) { continuation.resume() } }
    }

    @Test func aDeltaWithAnUnknownNameWaitsAndOthersPassItBy() async throws {
        let (workers, gate) = (Workers(), Gate())
        try await withPublisher(workers, gate) { publisher in
            let slow = RoutingDelta(upserts: [try route(1, "http://slow:80")])
            let follower = RoutingDelta(sessions: [.init(key: .init(number: 1), connected: false)])
            let other = RoutingDelta(upserts: [try route(2, "http://10.0.0.1:80", session: 2)])
            await withCheckedContinuation { continuation in
                publisher.publish(slow) {}
                publisher.publish(follower) { continuation.resume() }
                publisher.publish(other) {
                    // The other session's delta is served while the first still waits: only now may the name resolve.
                    gate.isOpen.withLock { $0 = true }
                }
            }
            let order = workers.served.withLock(\.self)
            #expect(order == [other, slow, follower])
        }
    }

    @Test func aKnownNameDoesNotWait() async throws {
        let (workers, gate) = (Workers(), Gate())
        try await withPublisher(workers, gate) { publisher in
            await publish(.init(upserts: [try route(1, "http://quick:80")]), by: publisher)
            var isServed = false
            let delta = RoutingDelta(upserts: [try route(2, "http://quick:80")])
            let served = Mutex(false)
            publisher.publish(delta) { served.withLock { $0 = true } }
            isServed = served.withLock(\.self)
            #expect(isServed, "it goes on before the call returns")
        }
    }

    @Test func anApplyWithAnUnresolvableNameGoesOnAfterTheLimit() async throws {
        let (workers, gate) = (Workers(), Gate())
        try await withPublisher(workers, gate) { publisher in
            let clock = ContinuousClock()
            let start = clock.now
            await publish(.init(upserts: [try route(1, "http://slow:80")]), by: publisher)
            #expect(clock.now - start >= Publisher.lookupLimit)
            gate.isOpen.withLock { $0 = true }
        }
    }
}
