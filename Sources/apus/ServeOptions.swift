import ArgumentParser
import ProxyConfiguration

// The flags of `apus serve`: texts here, values in ProxyConfiguration, which also knows defaults, help and errors.

extension NameSpecification {
    /// The flag of a setting.
    static func of(_ setting: Setting) -> NameSpecification { .customLong(setting.rawValue) }
}

extension ArgumentHelp {
    /// The help of a setting, with its default.
    static func of(_ setting: Setting) -> ArgumentHelp {
        ArgumentHelp("\(setting.summary) (default: \(setting.defaultText))", valueName: setting.valueName)
    }
}

/// What is served and how.
struct TrafficOptions: ParsableArguments {
    @Option(name: .of(.http), parsing: .upToNextOption, help: .of(.http)) var http: [String] = []
    @Option(name: .of(.workers), help: .of(.workers)) var workers: [String] = []
    @Option(name: .of(.trustedProxy), parsing: .upToNextOption, help: .of(.trustedProxy)) var trustedProxy: [String] =
        []
    @Option(name: .of(.shutdownTimeout), help: .of(.shutdownTimeout)) var shutdownTimeout: [String] = []

    /// What was given, by setting.
    var flags: [Setting: [String]] {
        [
            .http: http, .workers: workers, .trustedProxy: trustedProxy, .shutdownTimeout: shutdownTimeout,
        ]
    }
}

/// Clocks of the phases of a request.
struct TimeoutOptions: ParsableArguments {
    @Option(name: .of(.headTimeout), help: .of(.headTimeout)) var headTimeout: [String] = []
    @Option(name: .of(.connectTimeout), help: .of(.connectTimeout)) var connectTimeout: [String] = []
    @Option(name: .of(.responseTimeout), help: .of(.responseTimeout)) var responseTimeout: [String] = []
    @Option(name: .of(.idleTimeout), help: .of(.idleTimeout)) var idleTimeout: [String] = []
    @Option(name: .of(.bodyGrace), help: .of(.bodyGrace)) var bodyGrace: [String] = []
    @Option(name: .of(.bodyMinimumRate), help: .of(.bodyMinimumRate)) var bodyMinimumRate: [String] = []
    @Option(name: .of(.keepAliveTimeout), help: .of(.keepAliveTimeout)) var keepAliveTimeout: [String] = []
    @Option(name: .of(.upstreamKeepAliveTimeout), help: .of(.upstreamKeepAliveTimeout)) var upstreamKeepAliveTimeout:
        [String] = []

    /// What was given, by setting.
    var flags: [Setting: [String]] {
        [
            .headTimeout: headTimeout, .connectTimeout: connectTimeout, .responseTimeout: responseTimeout,
            .idleTimeout: idleTimeout, .bodyGrace: bodyGrace, .bodyMinimumRate: bodyMinimumRate,
            .keepAliveTimeout: keepAliveTimeout, .upstreamKeepAliveTimeout: upstreamKeepAliveTimeout,
        ]
    }
}

/// Bounds on what clients can make the proxy hold.
struct LimitOptions: ParsableArguments {
    @Option(name: .of(.maxHeadSize), help: .of(.maxHeadSize)) var maxHeadSize: [String] = []
    @Option(name: .of(.maxHeaders), help: .of(.maxHeaders)) var maxHeaders: [String] = []
    @Option(name: .of(.maxBodySize), help: .of(.maxBodySize)) var maxBodySize: [String] = []
    @Option(name: .of(.maxConnections), help: .of(.maxConnections)) var maxConnections: [String] = []
    @Option(name: .of(.maxConnectionsPerAddress), help: .of(.maxConnectionsPerAddress)) var maxConnectionsPerAddress:
        [String] = []

    /// What was given, by setting.
    var flags: [Setting: [String]] {
        [
            .maxHeadSize: maxHeadSize, .maxHeaders: maxHeaders, .maxBodySize: maxBodySize,
            .maxConnections: maxConnections, .maxConnectionsPerAddress: maxConnectionsPerAddress,
        ]
    }
}

/// The registry port and the clocks of its sessions.
struct RegistryOptions: ParsableArguments {
    @Option(name: .of(.registry), parsing: .upToNextOption, help: .of(.registry)) var registry: [String] = []
    @Option(name: .of(.registryAllow), parsing: .upToNextOption, help: .of(.registryAllow)) var registryAllow:
        [String] = []
    @Option(name: .of(.registryOwnership), help: .of(.registryOwnership)) var registryOwnership: [String] = []
    @Option(name: .of(.registrySessionExpiry), help: .of(.registrySessionExpiry)) var registrySessionExpiry: [String] =
        []
    @Option(name: .of(.registryGrace), help: .of(.registryGrace)) var registryGrace: [String] = []
    @Option(name: .of(.registryStagedExpiry), help: .of(.registryStagedExpiry)) var registryStagedExpiry: [String] = []
    @Option(name: .of(.registryReadTimeout), help: .of(.registryReadTimeout)) var registryReadTimeout: [String] = []
    @Option(name: .of(.registryIdleTimeout), help: .of(.registryIdleTimeout)) var registryIdleTimeout: [String] = []
    @Option(name: .of(.registryKeepAlive), help: .of(.registryKeepAlive)) var registryKeepAlive: [String] = []
    @Option(name: .of(.registryMaxConnections), help: .of(.registryMaxConnections)) var registryMaxConnections:
        [String] = []
    @Option(name: .of(.registryMaxConnectionsPerAddress), help: .of(.registryMaxConnectionsPerAddress))
    var registryMaxConnectionsPerAddress: [String] = []
    @Option(name: .of(.registryOutputLimit), help: .of(.registryOutputLimit)) var registryOutputLimit: [String] = []
    @Option(name: .of(.stateDirectory), help: .of(.stateDirectory)) var stateDirectory: [String] = []

    /// What was given, by setting.
    var flags: [Setting: [String]] {
        [
            .registry: registry, .registryAllow: registryAllow, .registryOwnership: registryOwnership,
            .registrySessionExpiry: registrySessionExpiry, .registryGrace: registryGrace,
            .registryStagedExpiry: registryStagedExpiry, .registryReadTimeout: registryReadTimeout,
            .registryIdleTimeout: registryIdleTimeout, .registryKeepAlive: registryKeepAlive,
            .registryMaxConnections: registryMaxConnections,
            .registryMaxConnectionsPerAddress: registryMaxConnectionsPerAddress,
            .registryOutputLimit: registryOutputLimit, .stateDirectory: stateDirectory,
        ]
    }
}

/// Which backends may be used.
struct BackendOptions: ParsableArguments {
    @Option(name: .of(.backendAllow), parsing: .upToNextOption, help: .of(.backendAllow)) var backendAllow: [String] =
        []
    @Option(name: .of(.backendDeny), parsing: .upToNextOption, help: .of(.backendDeny)) var backendDeny: [String] = []
    @Option(name: .of(.resolveInterval), help: .of(.resolveInterval)) var resolveInterval: [String] = []

    /// What was given, by setting.
    var flags: [Setting: [String]] {
        [
            .backendAllow: backendAllow, .backendDeny: backendDeny, .resolveInterval: resolveInterval,
        ]
    }
}

/// What is written to standard error.
struct LoggingOptions: ParsableArguments {
    @Option(name: .of(.logLevel), help: .of(.logLevel)) var logLevel: [String] = []
    @Option(name: .of(.logFormat), help: .of(.logFormat)) var logFormat: [String] = []

    /// What was given, by setting.
    var flags: [Setting: [String]] {
        [
            .logLevel: logLevel, .logFormat: logFormat,
        ]
    }
}
