import Logging
import NIOCore
import NIOPosix
import ProxyModel
import Registry

/// The registry port: TCP connections in front of the registry's state machine.
///
/// Everything runs on one event loop of `group`; the methods here may be called from anywhere.
public final class RegistryServer: Sendable {
    /// Where it listens; the ports are those that the kernel chose where 0 was asked for.
    public let boundAddresses: [ProxyModel.SocketAddress]

    private let loop: NIOLoopBound<RegistryLoop>
    private let eventLoop: any EventLoop
    private let listeners: [any Channel]

    /// Opens the port and begins to serve.
    ///
    /// - Parameters:
    ///   - registry: the settings of the registry behind the port.
    ///   - clock: the registry's "now".
    ///   - logger: where the registry's lines go, without the `[registry]` before them.
    public init(
        _ configuration: RegistryServerConfiguration, registry: RegistryConfiguration, services: RegistryServices,
        routeNumbers: RouteNumbers = .unremembered, clock: @escaping @Sendable () -> Moment, logger: Logger,
        group: any EventLoopGroup
    ) async throws(RegistryServerError) {
        let eventLoop = group.next()
        self.eventLoop = eventLoop
        do {
            loop = try await eventLoop.submit {
                NIOLoopBound(
                    RegistryLoop(
                        configuration, registry: registry, services: services, routeNumbers: routeNumbers,
                        clock: clock, logger: logger, eventLoop: eventLoop), eventLoop: eventLoop)
            }.get()
        } catch {
            preconditionFailure("making a value does not throw, and the event loop runs")
        }
        var listeners: [any Channel] = []
        var bound: [ProxyModel.SocketAddress] = []
        for address in configuration.listen {
            do {
                let channel = try await Self.bind(address, configuration, loop: loop, eventLoop: eventLoop)
                listeners.append(channel)
                bound.append(.init(ip: address.ip, port: UInt16(channel.localAddress?.port ?? 0)))
            } catch {
                for channel in listeners { try? await channel.close() }  // Fails only where it is closed already.
                throw RegistryServerError(error, listeningOn: address)
            }
        }
        self.listeners = listeners
        boundAddresses = bound
    }

    /// Stops accepting, and tells every connection that the proxy is about to stop.
    public func announceShutdown() async {
        for listener in listeners { try? await listener.close() }  // Fails only where it is closed already.
        await onLoop { $0.announceShutdown() }
    }

    /// Closes every connection and returns when the last has ended.
    public func stop() async {
        for listener in listeners { try? await listener.close() }  // Fails only where it is closed already.
        // The promise is only ever fulfilled.
        try? await eventLoop.flatSubmit { [loop] in loop.value.closeAll() }.get()
    }

    /// The health of the backend of these routes changed: told to those of their owners who subscribed.
    public func healthChanged(of routes: [RouteID], isHealthy: Bool, reason: String) async {
        await onLoop { $0.healthChanged(of: routes, isHealthy: isHealthy, reason: reason) }
    }

    private func onLoop(_ body: @escaping @Sendable (RegistryLoop) -> Void) async {
        // Fails only where the event loop has been shut down: then there is nobody left to tell.
        try? await eventLoop.submit { [loop] in body(loop.value) }.get()
    }

    // MARK: Listening

    private static func bind(
        _ address: ProxyModel.SocketAddress, _ configuration: RegistryServerConfiguration,
        loop: NIOLoopBound<RegistryLoop>, eventLoop: any EventLoop
    ) async throws -> any Channel {
        let bootstrap = bootstrap(configuration, loop: loop, eventLoop: eventLoop)
        do {
            return try await bootstrap.bind(host: "\(address.ip)", port: Int(address.port)).get()
        } catch let error as IOError where address.ip == .anyV6 && error.errnoCode == EAFNOSUPPORT {
            // A machine without IPv6: all addresses are those of IPv4.
            return try await bootstrap.bind(host: "0.0.0.0", port: Int(address.port)).get()
        }
    }

    private static func bootstrap(
        _ configuration: RegistryServerConfiguration, loop: NIOLoopBound<RegistryLoop>, eventLoop: any EventLoop
    ) -> ServerBootstrap {
        let period = max(1, Int(configuration.keepAlive.components.seconds))
        return ServerBootstrap(group: eventLoop)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: loop.value.logger))
                }
            }
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Inherited by the connections: what a flood can leave in the kernel. Much less, and the segments of the
            // loopback interface (64 KiB) would stall on a full window.
            .serverChannelOption(.socketOption(.so_rcvbuf), value: 256 << 10)
            .childChannelOption(.socketOption(.so_sndbuf), value: 256 << 10)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: 64 << 10, high: RegistryLoop.highWatermark)
            )
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 32 << 10)
            )
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: .init(period))
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: .init(max(1, period / 2)))
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
            // Keepalive does not run while data is unacknowledged: this clock does.
            .childChannelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: .init(period * 2500))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let text = channel.remoteAddress?.ipAddress, let address = IPAddress(text),
                        let connection = loop.value.accept(from: address)
                    else { throw ChannelError.ioOnClosedChannel }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
    }
}
