import DataPlane
import ProxyConfiguration
import ProxyModel

extension DataPlaneConfiguration {
    /// The data plane's part of the settings.
    init(_ settings: ProxyConfiguration, connections: Int) {
        var random = SystemRandomNumberGenerator()
        self.init(listen: settings.http, workers: settings.workers, seed: random.next())
        trustedProxies = settings.trustedProxies
        allowedBackends = settings.backends.allow
        deniedBackends = settings.backends.deny
        limits.headBytes = settings.limits.headSize
        limits.headerLines = settings.limits.headers
        limits.bodyBytes = settings.limits.bodySize ?? 0
        limits.connections = connections
        limits.connectionsPerAddress = settings.limits.connectionsPerAddress ?? 0
        timeouts.head = settings.timeouts.head
        timeouts.connect = settings.timeouts.connect
        timeouts.responseHead = settings.timeouts.response
        timeouts.idle = settings.timeouts.idle
        timeouts.bodyGrace = settings.timeouts.bodyGrace
        timeouts.minimumBodyRate = settings.timeouts.bodyMinimumRate ?? 0
        timeouts.keepAlive = settings.timeouts.keepAlive
        timeouts.upstreamKeepAlive = settings.timeouts.upstreamKeepAlive
    }
}
