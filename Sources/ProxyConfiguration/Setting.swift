/// The settings of `apus serve`; the raw value is the flag without its dashes.
public enum Setting: String, CaseIterable, Hashable, Sendable {
    case http
    case workers
    case trustedProxy = "trusted-proxy"
    case shutdownTimeout = "shutdown-timeout"

    case headTimeout = "head-timeout"
    case connectTimeout = "connect-timeout"
    case responseTimeout = "response-timeout"
    case idleTimeout = "idle-timeout"
    case bodyGrace = "body-grace"
    case bodyMinimumRate = "body-minimum-rate"
    case keepAliveTimeout = "keep-alive-timeout"
    case upstreamKeepAliveTimeout = "upstream-keep-alive-timeout"

    case maxHeadSize = "max-head-size"
    case maxHeaders = "max-headers"
    case maxBodySize = "max-body-size"
    case maxConnections = "max-connections"
    case maxConnectionsPerAddress = "max-connections-per-address"

    case registry
    case registryAllow = "registry-allow"
    case registryOwnership = "registry-ownership"
    case registrySessionExpiry = "registry-session-expiry"
    case registryGrace = "registry-grace"
    case registryStagedExpiry = "registry-staged-expiry"
    case registryReadTimeout = "registry-read-timeout"
    case registryIdleTimeout = "registry-idle-timeout"
    case registryKeepAlive = "registry-keep-alive"
    case registryMaxConnections = "registry-max-connections"
    case registryMaxConnectionsPerAddress = "registry-max-connections-per-address"
    case registryOutputLimit = "registry-output-limit"
    case stateDirectory = "state-directory"

    case backendAllow = "backend-allow"
    case backendDeny = "backend-deny"
    case resolveInterval = "resolve-interval"

    case logLevel = "log-level"
    case logFormat = "log-format"

    /// `--head-timeout`
    public var flag: String { "--" + rawValue }

    /// `APUS_HEAD_TIMEOUT`
    public var environmentName: String {
        "APUS_" + String(rawValue.uppercased().map { $0 == "-" ? "_" : $0 })
    }
}
