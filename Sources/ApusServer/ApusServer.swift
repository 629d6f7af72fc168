import DataPlane
import HealthChecks
import Logging
import NIOCore
import NIOPosix
import ProxyConfiguration
import ProxyModel
import Registry
import RegistryServer

/// The running proxy: the data plane, the registry in front of it, and what keeps the two informed.
///
/// Order of start: the data plane binds, then the registry port opens, then traffic is accepted; whatever cannot be had
/// fails before anything is served. Order of the stop: clients of the registry are told, no new connections are taken,
/// requests in flight finish, then everything else ends.
public final class ApusServer: Sendable {
    /// Where HTTP is served.
    public var httpAddresses: [ProxyModel.SocketAddress] { dataPlane.boundAddresses }
    /// Where the registry protocol is served.
    public var registryAddresses: [ProxyModel.SocketAddress] { registry.boundAddresses }
    /// Client connections that are taken at most.
    public let maximumConnections: Int

    private let configuration: ProxyConfiguration
    private let dataPlane: DataPlane
    private let registry: RegistryServer
    private let control: ControlPlane
    private let group: MultiThreadedEventLoopGroup

    /// Opens all ports and starts to serve.
    public init(_ configuration: ProxyConfiguration, log: LogSystem) async throws(StartError) {
        let files = OpenFiles.raiseLimit()
        let registryConnections = files.registryConnections(wanted: configuration.registry.connections)
        let connections = configuration.limits.connections ?? files.clientConnections
        let events = AsyncStream<DataPlaneEvent>.makeStream(bufferingPolicy: .bufferingNewest(1024))
        let routeNumbers = try RouteNumberFile.numbers(configuration, logger: log.logger("apus"))
        let dataPlane: DataPlane
        do {
            dataPlane = try DataPlane(DataPlaneConfiguration(configuration, connections: connections)) {
                events.continuation.yield($0)
            }
        } catch {
            throw StartError(error, flag: Setting.http.flag)
        }
        group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        control = ControlPlane(configuration, dataPlane: dataPlane, events: events.stream, group: group, log: log)
        do {
            registry = try await RegistryServer(
                .init(configuration.registry, connections: registryConnections),
                registry: .init(configuration.registry), services: control.services, routeNumbers: routeNumbers,
                clock: { SystemClock.moment }, logger: log.logger("registry"), group: group)
        } catch {
            throw StartError(error, flag: Setting.registry.flag)
        }
        do {
            try dataPlane.start()
        } catch {
            throw StartError(error, flag: Setting.workers.flag)
        }
        // An empty change is answered once every worker runs.
        await dataPlane.publish(RoutingDelta())
        control.start(registry: registry)
        self.dataPlane = dataPlane
        self.configuration = configuration
        maximumConnections = connections
        logStart(log.logger("apus"), files: files, registryConnections: registryConnections)
    }

    /// Stops gracefully: returns when nothing runs any more, after the shutdown timeout and a little at the latest.
    public func stop() async {
        await registry.announceShutdown()
        await dataPlane.shutdown(timeout: configuration.shutdownTimeout)
        await registry.stop()
        await control.stop()
        try? await group.shutdownGracefully()  // Fails only where it was shut down before.
    }

    private func logStart(_ logger: Logger, files: OpenFiles, registryConnections: Int) {
        func list(_ addresses: [ProxyModel.SocketAddress]) -> String {
            addresses.map(\.description).joined(separator: ", ")
        }
        let limits = configuration.limits
        let body = limits.bodySize.map { "\($0) bytes" } ?? "unlimited"
        logger.info("Apus \(ApusVersion.current) is serving HTTP at \(list(httpAddresses))")
        logger.info("Apus \(ApusVersion.current) is serving the registry at \(list(registryAddresses))")
        logger.info(
            """
            Workers: \(configuration.workers); open files: \(files.limit); client connections: \(maximumConnections); \
            registry connections: \(registryConnections); request heads: \(limits.headSize) bytes, \
            \(limits.headers) headers; request bodies: \(body)
            """)
    }
}
