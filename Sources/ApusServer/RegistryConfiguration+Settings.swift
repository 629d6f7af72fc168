import ProxyConfiguration
import ProxyModel
import Registry
import RegistryServer

extension RegistryConfiguration {
    /// The registry's part of the settings.
    init(_ settings: ProxyConfiguration.RegistrySettings) {
        self.init()
        sessionExpiry = settings.sessionExpiry
        routeGrace = settings.grace
        stagedExpiry = settings.stagedExpiry
        idleTimeout = settings.idleTimeout
        readTimeout = settings.readTimeout
        ownership =
            switch settings.ownership {
            case .shared: .shared
            case .first: .first
            }
    }
}

extension RegistryServerConfiguration {
    /// The registry port's part of the settings.
    init(_ settings: ProxyConfiguration.RegistrySettings, connections: Int) {
        self.init(listen: settings.listen, allow: settings.allow)
        readTimeout = settings.readTimeout
        keepAlive = settings.keepAlive
        outputLimit = settings.outputLimit
        connectionsPerAddress = settings.connectionsPerAddress
        self.connections = connections
    }
}
