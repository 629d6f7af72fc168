import ProxyModel

extension Setting {
    /// The table of all settings: one row each.
    var definition: SettingDefinition {
        switch self {
        case .http:
            .init(
                valueName: "address", defaultText: ":80",
                summary: "Serve HTTP here; `:80` is every address, `127.0.0.1:8080` or `[::1]:8080` one.",
                rule: .addresses(\.http))
        case .workers:
            .init(
                valueName: "count", defaultText: "cores", summary: "Threads that carry traffic.", rule: .workers)
        case .trustedProxy:
            .init(
                valueName: "cidr", defaultText: "none",
                summary: "Peers whose X-Forwarded-* and Forwarded headers are believed; others' are replaced.",
                rule: .networks(\.trustedProxies))
        case .shutdownTimeout:
            .init(
                valueName: "duration", defaultText: "30s",
                summary: "How long requests in flight may go on after SIGTERM or SIGINT.",
                rule: .duration(\.shutdownTimeout, allowZero: true))
        case .headTimeout:
            .init(
                valueName: "duration", defaultText: "10s", summary: "For a request head to arrive.",
                rule: .duration(\.timeouts.head))
        case .connectTimeout:
            .init(
                valueName: "duration", defaultText: "5s", summary: "To connect to a backend.",
                rule: .duration(\.timeouts.connect))
        case .responseTimeout:
            .init(
                valueName: "duration", defaultText: "30s", summary: "For a backend to send a response head.",
                rule: .duration(\.timeouts.response))
        case .idleTimeout:
            .init(
                valueName: "duration", defaultText: "60s", summary: "Silence while a body is under way.",
                rule: .duration(\.timeouts.idle))
        case .bodyGrace:
            .init(
                valueName: "duration", defaultText: "10s",
                summary: "How long a request body may take before the minimum rate is asked of it.",
                rule: .duration(\.timeouts.bodyGrace, allowZero: true))
        case .bodyMinimumRate:
            .init(
                valueName: "size", defaultText: "256",
                summary: "Bytes per second that a request body must bring after its grace, or `none`.",
                rule: .sizeOrNone(\.timeouts.bodyMinimumRate, 1...(1 << 30)))
        case .keepAliveTimeout:
            .init(
                valueName: "duration", defaultText: "75s", summary: "A client's connection between two requests.",
                rule: .duration(\.timeouts.keepAlive))
        case .upstreamKeepAliveTimeout:
            .init(
                valueName: "duration", defaultText: "60s", summary: "An idle connection to a backend.",
                rule: .duration(\.timeouts.upstreamKeepAlive))
        case .maxHeadSize:
            .init(
                valueName: "size", defaultText: "64KiB", summary: "Of a request or response head (beyond: 431).",
                rule: .size(\.limits.headSize, 1024...65536))
        case .maxHeaders:
            .init(
                valueName: "count", defaultText: "128", summary: "Header lines of a head (beyond: 431).",
                rule: .count(\.limits.headers, 8...128))
        case .maxBodySize:
            .init(
                valueName: "size", defaultText: "none", summary: "Of a request body (beyond: 413), or `none`.",
                rule: .sizeOrNone(\.limits.bodySize, 0...(1 << 50)))
        case .maxConnections:
            .init(
                valueName: "count", defaultText: "auto",
                summary: "Client connections in all; `auto` is what the open-file limit allows.",
                rule: .countOrNone(\.limits.connections, 1...10_000_000, none: "auto"))
        case .maxConnectionsPerAddress:
            .init(
                valueName: "count", defaultText: "none",
                summary: "Client connections of one address (IPv6: one /64), or `none`.",
                rule: .countOrNone(\.limits.connectionsPerAddress, 1...10_000_000, none: "none"))
        case .registry:
            .init(
                valueName: "address", defaultText: ":81", summary: "Serve the registry protocol here.",
                rule: .addresses(\.registry.listen))
        case .registryAllow:
            .init(
                valueName: "cidr", defaultText: "private",
                summary: "Who may connect; `private` is loopback, private and link-local networks, `all` everyone.",
                rule: .networks(\.registry.allow))
        case .registryOwnership:
            .init(
                valueName: "rule", defaultText: "shared",
                summary: "`shared`: services may serve the same domain and path together; `first`: it belongs to "
                    + "the service that came first, until it leaves.",
                rule: .ownership)
        case .registrySessionExpiry:
            .init(
                valueName: "duration", defaultText: "60s",
                summary: "How long RECONNECT finds a session whose connection ended.",
                rule: .duration(\.registry.sessionExpiry))
        case .registryGrace:
            .init(
                valueName: "duration", defaultText: "5m",
                summary: "How long the routes of a session serve after its connection ended.",
                rule: .duration(\.registry.grace))
        case .registryStagedExpiry:
            .init(
                valueName: "duration", defaultText: "30m",
                summary: "Staged changes are dropped this long after the last one.",
                rule: .duration(\.registry.stagedExpiry))
        case .registryReadTimeout:
            .init(
                valueName: "duration", defaultText: "30s", summary: "Silence inside a line.",
                rule: .duration(\.registry.readTimeout))
        case .registryIdleTimeout:
            .init(
                valueName: "duration", defaultText: "30s", summary: "A connection that has no session.",
                rule: .duration(\.registry.idleTimeout))
        case .registryKeepAlive:
            .init(
                valueName: "duration", defaultText: "30s",
                summary: "Period of TCP keepalive; a dead peer is noticed within three.",
                rule: .duration(\.registry.keepAlive))
        case .registryMaxConnections:
            .init(
                valueName: "count", defaultText: "20000", summary: "Registry connections in all.",
                rule: .count(\.registry.connections, 1...1_000_000))
        case .registryMaxConnectionsPerAddress:
            .init(
                valueName: "count", defaultText: "16384", summary: "Registry connections of one address.",
                rule: .count(\.registry.connectionsPerAddress, 1...1_000_000))
        case .registryOutputLimit:
            .init(
                valueName: "size", defaultText: "1MiB",
                summary: "What may wait for a reader that does not read; beyond, its connection is closed.",
                rule: .size(\.registry.outputLimit, (64 << 10)...(1 << 30)))
        case .stateDirectory:
            .init(
                valueName: "path", defaultText: ProxyConfiguration.usualStateDirectory,
                summary: "Where the proxy remembers which route ids it has used; or `none`. "
                    + "Where the usual one does not exist, ids begin with r1 at each start.",
                rule: .pathOrNone(\.registry.stateDirectory))
        case .backendAllow:
            .init(
                valueName: "cidr", defaultText: "all", summary: "Addresses that backends may have.",
                rule: .networks(\.backends.allow))
        case .backendDeny:
            .init(
                valueName: "cidr", defaultText: "metadata",
                summary: "Addresses that backends may not have; `metadata` is link-local and cloud metadata ones.",
                rule: .networks(\.backends.deny))
        case .resolveInterval:
            .init(
                valueName: "duration", defaultText: "10s", summary: "How often the names of backends are resolved.",
                rule: .duration(\.backends.resolveInterval))
        case .logLevel:
            .init(
                valueName: "level", defaultText: "info",
                summary: "The least severe level: trace, debug, info, notice, warning, error or critical.",
                rule: .logLevel)
        case .logFormat:
            .init(
                valueName: "format", defaultText: "text", summary: "The form of a log line: text or json.",
                rule: .logFormat)
        }
    }
}
