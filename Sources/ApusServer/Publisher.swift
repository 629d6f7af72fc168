import HealthChecks
import ProxyModel
import Synchronization

/// Hands deltas to the workers, each once the names of its backends have been looked up.
///
/// A delta whose names are all known goes on at once. One with a new name waits for the look-up, 2 s at most, and with it
/// whatever concerns the same sessions; all other deltas pass it by. What a delta changes about names and checks is told
/// to the resolver and the health checks in the order of the deltas.
final class Publisher: Sendable {
    /// Hands a delta to every worker in the order of the calls, and calls back once all serve it.
    typealias Forward = @Sendable (RoutingDelta, _ whenServed: @escaping @Sendable () -> Void) -> Void

    /// How long a delta waits for the names of its backends.
    static let lookupLimit = Duration.seconds(2)

    private struct Waiting {
        let number: UInt64
        let sessions: Set<SessionKey>
        let delta: RoutingDelta
        let whenServed: @Sendable () -> Void
        var isReady: Bool
    }

    private struct State {
        var catalog = BackendCatalog()
        var waiting: [Waiting] = []
        var lastNumber: UInt64 = 0
    }

    private struct Errand {
        var change: BackendCatalog.Change
        var waiting: UInt64?
    }

    private let state = Mutex(State())
    private let forward: Forward
    private let resolver: Resolver
    private let checker: HealthChecker
    private let errands: AsyncStream<Errand>
    private let giveErrand: AsyncStream<Errand>.Continuation

    init(resolver: Resolver, checker: HealthChecker, forward: @escaping Forward) {
        self.resolver = resolver
        self.checker = checker
        self.forward = forward
        (errands, giveErrand) = AsyncStream.makeStream()
    }

    /// Publishes a delta. Calls must come in the order in which the deltas are to take effect.
    func publish(_ delta: RoutingDelta, whenServed: @escaping @Sendable () -> Void) {
        state.withLock { state in
            let change = state.catalog.apply(delta)
            let isReady = change.unansweredHosts.isEmpty
            // A delta without content is a barrier: it waits for all before it.
            let isBlocked = state.waiting.contains {
                delta.isEmpty || !$0.sessions.isDisjoint(with: change.sessions)
            }
            guard !isReady || isBlocked else {
                if !change.isEmpty { giveErrand.yield(Errand(change: change)) }
                return forward(delta, whenServed)
            }
            state.lastNumber += 1
            let number = state.lastNumber
            state.waiting.append(
                Waiting(
                    number: number, sessions: change.sessions, delta: delta, whenServed: whenServed, isReady: isReady))
            if !change.isEmpty { giveErrand.yield(Errand(change: change, waiting: isReady ? nil : number)) }
        }
    }

    /// The routes in force whose backend a check probes.
    func routes(of check: HealthCheck) -> [RouteID] {
        state.withLock { $0.catalog.routes(of: check) }
    }

    /// Traffic found nobody at a backend: its checks run now.
    func suspect(host: String, port: UInt16) async {
        await checker.hurry(state.withLock { $0.catalog.checks(host: host, port: port) })
    }

    /// Tells the resolver and the health checks of the changes until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await errand in errands {
                let change = errand.change
                await resolver.retain(change.newHosts)
                await resolver.release(change.droppedHosts)
                await checker.retain(change.newChecks)
                await checker.release(change.droppedChecks)
                await checker.hurry(change.suspects)
                guard let number = errand.waiting else { continue }
                group.addTask {
                    await self.resolver.firstAnswers(for: Array(change.unansweredHosts), within: Self.lookupLimit)
                    self.lookedUp(change.unansweredHosts, number)
                }
            }
        }
    }

    /// The names of a waiting delta have been looked up, or took too long: it goes on, and who waited behind it.
    private func lookedUp(_ hosts: Set<String>, _ number: UInt64) {
        state.withLock { state in
            state.catalog.answered(hosts)
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else { return }
            state.waiting[index].isReady = true
            var blocked: Set<SessionKey> = []
            var still: [Waiting] = []
            for entry in state.waiting {
                let isBlocked = entry.delta.isEmpty ? !still.isEmpty : !blocked.isDisjoint(with: entry.sessions)
                if entry.isReady, !isBlocked {
                    forward(entry.delta, entry.whenServed)
                } else {
                    blocked.formUnion(entry.sessions)
                    still.append(entry)
                }
            }
            state.waiting = still
        }
    }
}
