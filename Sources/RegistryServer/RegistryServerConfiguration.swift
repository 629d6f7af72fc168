import ProxyModel

/// How the registry port is served. The clocks of sessions belong to the registry itself.
public struct RegistryServerConfiguration: Sendable {
    /// Where it listens, at least one address; port 0 lets the kernel choose.
    public var listen: [ProxyModel.SocketAddress]
    /// Who may connect.
    public var allow: [CIDR]
    /// Silence inside a line, and a reader that takes nothing: after this the connection is closed.
    public var readTimeout: Duration = .seconds(30)
    /// Period of TCP keepalive; a dead peer is noticed within three of them.
    public var keepAlive: Duration = .seconds(30)
    /// Connections in all.
    public var connections = 20_000
    /// Connections of one address (IPv6: one /64).
    public var connectionsPerAddress = 16_384
    /// Bytes that may wait for a reader that does not read.
    public var outputLimit = 1 << 20

    /// Serves these addresses to these networks.
    public init(listen: [ProxyModel.SocketAddress], allow: [CIDR] = CIDR.privateNetworks) {
        self.listen = listen
        self.allow = allow
    }
}
