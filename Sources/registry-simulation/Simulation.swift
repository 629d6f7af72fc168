import ProxyModel
import Registry

/// Many clients against one registry, with an oracle beside it: each step does something at random and then checks
/// everything that must hold.
final class Simulation {
    /// An answer that a connection waits for.
    struct Expectation {
        /// The answers that are right; one that ends in `*` stands for all that begin so.
        var answers: [String]
        /// Whether the connection closes behind it.
        var closes = false
        /// The command, for messages.
        var line: String
        /// What to do with the answer.
        var registers: (service: String, instance: String)?
    }

    /// A client's connection.
    struct Peer {
        /// The answer to the command in hand.
        var expectation: Expectation?
        /// Maintenance commands that were acknowledged and whose `MAINT_OK` is to come.
        var maintenance = 0
        /// When it last said something.
        var lastLine: MonotonicTime
    }

    var registry: Registry
    var oracle: Oracle
    var random: SplitMix64
    var now = Moment(monotonic: MonotonicTime(nanoseconds: 1_000_000_000), wall: WallTime(seconds: 1_734_690_600))
    var peers: [ConnectionID: Peer] = [:]
    var nextConnection: UInt64 = 1
    /// Session ids that clients remember, valid or not.
    var knownIDs: [String] = []
    /// What the workers serve: all deltas in the order in which they were published.
    var served: [RouteID: RouteDefinition] = [:]
    var states: [SessionKey: SessionState] = [:]
    var retired: Set<RouteID> = []
    /// Effects that wait for their answers.
    var publications: [EffectToken] = []
    var effects: [RegistryAction] = []
    /// How often each command was answered with success and with an error.
    var counts: [String: (answered: Int, refused: Int)] = [:]
    var steps = 0
    private let seed: UInt64
    /// Where the wall clock began.
    private let start = (MonotonicTime(nanoseconds: 1_000_000_000), WallTime(seconds: 1_734_690_600))

    init(seed: UInt64) {
        var configuration = RegistryConfiguration()
        configuration.hasTLS = true
        configuration.ownership = seed % 2 == 0 ? .shared : .first
        configuration.stagedExpiry = .seconds(200)
        configuration.limits.routesPerSession = 12
        registry = Registry(configuration: configuration)
        oracle = Oracle(configuration: configuration)
        random = SplitMix64(seed: seed)
        self.seed = seed
    }

    /// Does one thing and checks everything.
    func step() {
        steps += 1
        switch random.below(100) {
        case ..<3: connect()
        case ..<4: disconnect()
        case ..<7: advance()
        case ..<30: acknowledge()
        default: sendSomething()
        }
        check()
    }

    /// Ends all connections, answers all effects, lets all clocks run out: nothing may be left.
    func finish() {
        while !publications.isEmpty || !effects.isEmpty { acknowledge() }
        perform(registry.shutdown(now: now))
        for id in peers.keys.sorted() {
            require(peers[id]?.expectation == nil, "connection \(id.number) never got its answer")
            require(peers[id]?.maintenance == 0, "connection \(id.number) never got its MAINT_OK")
            close(id)
        }
        move(to: now.monotonic + .seconds(86_400))
        oracle.tick(now: now.monotonic)
        perform(registry.tick(now: now))
        while !publications.isEmpty || !effects.isEmpty { acknowledge() }
        check()
        require(registry.sessionCount == 0 && registry.activeRouteCount == 0, "sessions are left")
        require(served.isEmpty && states.isEmpty, "the workers serve what is gone")
    }

    func connect() {
        guard peers.count < 16 else { return }
        let id = ConnectionID(number: nextConnection)
        nextConnection += 1
        peers[id] = Peer(lastLine: now.monotonic)
        perform(registry.connectionOpened(id, now: now))
    }

    func disconnect() {
        guard let id = random.pick(peers.keys.sorted()) else { return }
        close(id)
        // Now and then a fault that takes many with it.
        if random.chance(5) { for id in peers.keys.sorted() where random.chance(80) { close(id) } }
    }

    private func close(_ id: ConnectionID) {
        peers[id] = nil
        oracle.connectionClosed(id, now: now.monotonic)
        perform(registry.connectionClosed(id, now: now))
    }

    /// Lets time pass: mostly with a timer that fires when it should, sometimes with one that is late.
    private func advance() {
        let length = random.pick([50, 500, 3_000, 3_000, 20_000, 20_000, 70_000, 200_000]) ?? 0
        let end = now.monotonic + .milliseconds(Int64(random.below(length) + 1))
        if random.chance(80) {
            while let next = registry.nextDeadline, next <= end {
                move(to: max(next, now.monotonic))
                tick()
            }
        }
        move(to: end)
        tick()
        require(registry.nextDeadline.map { $0 > now.monotonic } ?? true, "a deadline is due after a tick")
    }

    private func tick() {
        oracle.tick(now: now.monotonic)
        perform(registry.tick(now: now))
    }

    private func move(to time: MonotonicTime) {
        now = Moment(
            monotonic: time, wall: WallTime(seconds: start.1.seconds + (time - start.0).components.seconds))
    }

    /// Stops the program where something does not hold, with what is needed to see it again.
    func require(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition { Environment.fail("world \(seed), step \(steps): \(message())") }
    }
}
