import DataPlane
import HealthChecks
import Logging
import NIOCore
import ProxyConfiguration
import ProxyModel
import Registry
import RegistryServer
import Synchronization

/// What stands between the registry and the data plane: name resolution, probes, and the services of the registry.
final class ControlPlane: Sendable {
    /// The registry's actions as functions.
    let services: RegistryServices

    private let dataPlane: DataPlane
    private let events: AsyncStream<DataPlaneEvent>
    private let resolver: Resolver
    private let probe: BackendProbe
    private let checker: HealthChecker
    private let publisher: Publisher
    private let logger: Logger
    private let box: Box
    private let running = Mutex<Task<Void, Never>?>(nil)

    /// What the health checks report to, which exists only after them.
    private final class Box: Sendable {
        let contents = Mutex<(RegistryServer, Publisher)?>(nil)
    }

    init(
        _ configuration: ProxyConfiguration, dataPlane: DataPlane, events: AsyncStream<DataPlaneEvent>,
        group: any EventLoopGroup, log: LogSystem
    ) {
        let policy = AddressPolicy(allow: configuration.backends.allow, deny: configuration.backends.deny)
        let resolver = Resolver(
            interval: configuration.backends.resolveInterval, policy: policy, logger: log.logger("resolver")
        ) { host, addresses, error in
            await dataPlane.setAddresses(addresses, failure: error, ofHost: host)
        }
        let probe = BackendProbe(group: group, policy: policy) { host throws(LookupError) in
            try await resolver.addresses(of: host)
        }
        let box = Box()
        let checker = HealthChecker(probe: probe, logger: log.logger("health")) {
            check, isHealthy, reason, hasChanged in
            await dataPlane.setHealth(isHealthy, of: check.backend, settings: check.settings)
            guard hasChanged, let (registry, publisher) = box.contents.withLock(\.self) else { return }
            await registry.healthChanged(of: publisher.routes(of: check), isHealthy: isHealthy, reason: reason)
        }
        let warnings = log.logger("apus")
        let publisher = Publisher(resolver: resolver, checker: checker) {
            dataPlane.publish($0, completion: $1)
            for route in $0.upserts where !DataPlane.speaks(route.backend.scheme) {
                warnings.warning(
                    """
                    Route \(route.id) of \(route.service): requests get 502, because \(route.backend) wants TLS or \
                    HTTP/2, which this version does not speak to backends yet
                    """)
            }
        }
        self.dataPlane = dataPlane
        self.events = events
        self.resolver = resolver
        self.probe = probe
        self.checker = checker
        self.publisher = publisher
        logger = log.logger("apus")
        self.box = box
        services = RegistryServices(dataPlane: dataPlane, publisher: publisher, tester: BackendTester(probe: probe))
    }

    /// Starts what runs in the background.
    func start(registry server: RegistryServer) {
        box.contents.withLock { $0 = (server, publisher) }
        running.withLock {
            $0 = Task {
                await withDiscardingTaskGroup { group in
                    group.addTask { await self.resolver.run() }
                    group.addTask { await self.publisher.run() }
                    group.addTask { await self.handleEvents() }
                }
            }
        }
    }

    /// Ends what runs in the background.
    func stop() async {
        await checker.stop()
        let task = running.withLock(\.self)
        task?.cancel()
        await task?.value
        await probe.shutdown()
        box.contents.withLock { $0 = nil }
    }

    /// Does what the data plane asks for.
    private func handleEvents() async {
        for await event in events {
            switch event {
            case .resolve(let host):
                await resolver.refresh(host)
            case .backendUnreachable(let host, let port, let address, let reason):
                let place = ProxyModel.SocketAddress(ip: address, port: port)
                logger.warning("Backend \(host) at \(place) is not reachable: \(reason)")
                await publisher.suspect(host: host, port: port)
                if IPAddress(host) == nil { await resolver.refresh(host) }
            case .connectionLimitReached:
                logger.warning("Client connections are refused: the limit is reached (see --max-connections)")
            case .circuitChanged(let route, let isOpen):
                logger.warning("Circuit of route \(route) \(isOpen ? "opened: its backend keeps failing" : "closed")")
            case .backendDenied(let host, let address):
                logger.warning("Backend \(host) is not used: backends may not have the address \(address)")
            }
        }
    }
}
