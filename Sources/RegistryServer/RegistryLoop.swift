import Logging
import NIOCore
import ProxyModel
import Registry

/// The registry and its connections, all on one event loop: every line, timer and finished effect runs here, in turn.
///
/// One owner makes locks unnecessary and lets a command go from the socket through the registry to the workers without a
/// change of thread.
final class RegistryLoop {
    /// The longest line that the registry ever replies.
    static let largestReply = 1 << 20
    /// With more than this waiting for the peer, no further command is read.
    static let highWatermark = 256 << 10

    let configuration: RegistryServerConfiguration
    let eventLoop: any EventLoop
    private var registry: Registry
    private let services: RegistryServices
    private let clock: @Sendable () -> Moment
    let logger: Logger
    private var random = SystemRandomNumberGenerator()
    private var admission: Admission
    private var forbidden = RefusalLog()
    private var refused = RefusalLog()
    private var connections: [ConnectionID: RegistryConnection] = [:]
    private var lastConnection: UInt64 = 0
    private var tick: (timer: Scheduled<Void>, deadline: MonotonicTime)?
    private var whenEmpty: EventLoopPromise<Void>?
    private var actions: [RegistryAction] = []
    private var isPerforming = false
    private let routeNumbers: RouteNumbers
    /// One past the last route number that is ours.
    private var endOfBlock: UInt64

    init(
        _ configuration: RegistryServerConfiguration, registry: RegistryConfiguration, services: RegistryServices,
        routeNumbers: RouteNumbers, clock: @escaping @Sendable () -> Moment, logger: Logger, eventLoop: any EventLoop
    ) {
        self.configuration = configuration
        self.routeNumbers = routeNumbers
        let block = routeNumbers.nextBlock()
        endOfBlock = block.upperBound
        self.registry = Registry(configuration: registry, firstRouteNumber: block.lowerBound)
        self.services = services
        self.clock = clock
        self.logger = logger
        self.eventLoop = eventLoop
        admission = Admission(
            allow: configuration.allow, limit: configuration.connections,
            limitPerAddress: configuration.connectionsPerAddress)
    }

    // MARK: Connections

    /// A connection was accepted. Returns its handler, or `nil` where it is to be closed at once.
    func accept(from address: IPAddress) -> RegistryConnection? {
        lastConnection += 1
        let connection = RegistryConnection(id: ConnectionID(number: lastConnection), address: address, loop: self)
        switch admission.arrived(address) {
        case .admitted:
            connections[connection.id] = connection
            return connection
        case .forbidden:
            let text = "Connection refused: \(address) is not allowed (see --registry-allow)"
            if let line = forbidden.line(text, now: clock().monotonic) { logger.warning("\(line)") }
            return nil
        case .refused(let line):
            let text = "Connection refused: \(address): \(line.dropFirst("ERROR|".count))"
            if let line = refused.line(text, now: clock().monotonic) { logger.warning("\(line)") }
            connection.refusal = line
            return connection
        }
    }

    /// An accepted connection is ready to be read.
    func opened(_ connection: RegistryConnection) {
        guard connections[connection.id] != nil else { return }
        perform(registry.connectionOpened(connection.id, now: clock()))
    }

    /// A connection has ended, for whatever reason.
    func closed(_ connection: RegistryConnection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        admission.left(connection.address)
        perform(registry.connectionClosed(connection.id, now: clock()))
        if connections.isEmpty { whenEmpty?.succeed() }
    }

    /// Closes a connection whose peer misbehaves.
    func cutOff(_ connection: RegistryConnection, _ reason: String) {
        logger.warning("Connection of \(connection.address) closed: \(reason)")
        connection.abort()
    }

    // MARK: Lines

    func lineReceived(_ line: [UInt8], on connection: RegistryConnection) {
        if registry.nextRouteNumber + RouteNumbers.margin > endOfBlock { takeRouteNumbers() }
        let bits = (random.next(), random.next())
        perform(registry.lineReceived(line, on: connection.id, now: clock(), random: bits))
    }

    /// The block is nearly used up. What is left of it is given up where the next one does not follow on it.
    private func takeRouteNumbers() {
        let block = routeNumbers.nextBlock()
        if block.lowerBound != endOfBlock { registry.continueRouteNumbers(from: block.lowerBound) }
        endOfBlock = block.upperBound
    }

    func lineTooLong(on connection: RegistryConnection) {
        perform(registry.lineTooLong(on: connection.id, now: clock()))
    }

    // MARK: From outside

    /// Tells every connection that the proxy is about to stop.
    func announceShutdown() {
        perform(registry.shutdown(now: clock()))
    }

    /// The health of the backend of these routes changed.
    func healthChanged(of routes: [RouteID], isHealthy: Bool, reason: String) {
        perform(registry.healthChanged(of: routes, isHealthy: isHealthy, reason: reason, now: clock()))
    }

    /// Closes every connection; the future succeeds when none is left.
    func closeAll() -> EventLoopFuture<Void> {
        tick?.timer.cancel()
        let promise = whenEmpty ?? eventLoop.makePromise(of: Void.self)
        whenEmpty = promise
        for connection in connections.values { connection.close(linger: .milliseconds(200)) }
        if connections.isEmpty { promise.succeed() }
        return promise.futureResult
    }

    // MARK: Actions

    /// Does what the registry asks for, in its order, then sets the clock for its next deadline.
    ///
    /// An action may lead to further ones (a connection that got its reply gives its next line): they come after those
    /// that are already in hand.
    private func perform(_ further: [RegistryAction]) {
        actions += further
        guard !isPerforming else { return }
        isPerforming = true
        var index = 0
        while index < actions.count {
            perform(actions[index])
            index += 1
        }
        actions.removeAll(keepingCapacity: actions.capacity < 1024)
        isPerforming = false
        setTick()
    }

    private func perform(_ action: RegistryAction) {
        switch action {
        case .reply(let id, let line): connections[id]?.reply(line)
        case .noReply(let id): connections[id]?.noReply()
        case .event(let id, let line): connections[id]?.event(line)
        case .close(let id): connections[id]?.close()
        case .publish(let delta, let token): publish(delta, token)
        case .testBackend(let backend, let path, let token):
            run {
                await $0.testBackend(backend, path)
            } then: {
                $0.backendTested(token, $1, now: $2)
            }
        case .probeBackend(let backend, let limit, let token):
            run {
                await $0.probeBackend(backend, limit)
            } then: {
                $0.backendProbed(token, failure: $1, now: $2)
            }
        case .queryStatistics(let routes, let token):
            run {
                await $0.statistics(routes)
            } then: {
                $0.statisticsRead(token, routes: $1.routes, total: $1.total, now: $2)
            }
        case .queryActivity(let session, let token):
            run {
                await $0.activity(session)
            } then: {
                $0.activityRead(token, $1, now: $2)
            }
        case .queryCircuit(let route, let token):
            run {
                await $0.circuit(route)
            } then: {
                $0.circuitRead(token, $1, now: $2)
            }
        case .resetCircuits(let routes, let token):
            run {
                await $0.resetCircuits(routes)
            } then: { registry, _, now in
                registry.circuitsReset(token, now: now)
            }
        case .log(let level, let message): logger.log(level: level.level, "\(message)")
        }
    }

    private func publish(_ delta: RoutingDelta, _ token: EffectToken) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        services.publish(delta) { [eventLoop] in
            eventLoop.execute {
                let loop = bound.value
                loop.perform(loop.registry.published(token, now: loop.clock()))
            }
        }
    }

    /// Runs a service off the event loop and hands its result to the registry back on it.
    private func run<Value: Sendable>(
        _ service: @escaping @Sendable (RegistryServices) async -> Value,
        then report: @escaping (inout Registry, Value, Moment) -> [RegistryAction]
    ) {
        let services = services
        let eventLoop = eventLoop
        let bound = NIOLoopBound((loop: self, report: report), eventLoop: eventLoop)
        Task {
            let value = await service(services)
            eventLoop.execute {
                let loop = bound.value.loop
                loop.perform(bound.value.report(&loop.registry, value, loop.clock()))
            }
        }
    }

    // MARK: Clock

    /// Arms one timer for the registry's next deadline.
    private func setTick() {
        let deadline = registry.nextDeadline
        if let tick, tick.deadline == deadline { return }
        tick?.timer.cancel()
        tick = nil
        guard let deadline else { return }
        let wait = max(.zero, deadline - clock().monotonic)
        let timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(wait)) { [weak self] in
            guard let self else { return }
            tick = nil
            perform(registry.tick(now: clock()))
        }
        tick = (timer, deadline)
    }
}

extension RegistryAction.LogLevel {
    fileprivate var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
