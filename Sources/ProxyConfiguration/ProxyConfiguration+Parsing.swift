import ProxyModel

extension ProxyConfiguration {
    /// Settles every setting: a flag beats the environment, and the environment beats the default.
    ///
    /// - Parameters:
    ///   - flags: the values given on the command line; a setting that was not given is absent or has none.
    ///   - environment: the process's environment; only `APUS_…` names are looked at, an empty value counts as none.
    ///   - cores: how many processors the process may use.
    /// - Throws: the first value that cannot be used.
    public init(
        flags: [Setting: [String]] = [:], environment: [String: String] = [:], cores: Int
    ) throws(ConfigurationError) {
        self = .blank
        for setting in Setting.allCases {
            if let texts = flags[setting], !texts.isEmpty {
                try apply(texts, of: setting, from: .flag(setting), cores: cores)
            } else if let text = environment[setting.environmentName], !text.isEmpty {
                try apply([text], of: setting, from: .environment(setting), cores: cores)
            } else {
                try apply([setting.defaultText], of: setting, from: .flag(setting), cores: cores)
            }
        }
        try checkTogether()
    }

    private mutating func apply(
        _ texts: [String], of setting: Setting, from source: ConfigurationError.Source, cores: Int
    ) throws(ConfigurationError) {
        let rule = setting.definition.rule
        let values = rule.isList ? texts.flatMap { Self.elements(of: $0) } : texts
        do throws(ValueError) {
            guard rule.isList || values.count == 1 else { throw ValueError("is given more than once") }
            try rule.apply(values, to: &self, cores: cores)
        } catch {
            throw ConfigurationError(source, error.message)
        }
    }

    /// Lists may be separated by commas or spaces, so that one environment variable can hold one.
    private static func elements(of text: String) -> [String] {
        text.split { $0 == "," || $0 == " " }.map(String.init)
    }

    /// The names in `environment` that look like settings and are none: worth a warning, since one may be misspelt.
    ///
    /// Not an error: orchestrators put variables named after a service into the environment of others.
    public static func unknownNames(in environment: [String: String]) -> [String] {
        let known = Set(Setting.allCases.map(\.environmentName))
        return environment.keys.filter { $0.hasPrefix("APUS_") && !known.contains($0) }.sorted()
    }

    /// What only the whole shows.
    private func checkTogether() throws(ConfigurationError) {
        if let shared = http.first(where: { $0.port != 0 && registry.listen.contains($0) }) {
            throw ConfigurationError(
                nil, "\(Setting.http.flag) and \(Setting.registry.flag) both ask for \(shared.description)")
        }
        if registry.grace < registry.sessionExpiry {
            throw ConfigurationError(
                .flag(.registryGrace),
                "\(DurationText.format(registry.grace)) is shorter than \(Setting.registrySessionExpiry.flag) "
                    + "(\(DurationText.format(registry.sessionExpiry))): a session that comes back would have lost its routes"
            )
        }
    }

    /// Every value is overwritten while the settings are settled; no value here is a default.
    private static let blank = ProxyConfiguration(
        http: [], workers: 0, trustedProxies: [], shutdownTimeout: .zero,
        timeouts: RequestTimeouts(
            head: .zero, connect: .zero, response: .zero, idle: .zero, bodyGrace: .zero, bodyMinimumRate: nil,
            keepAlive: .zero, upstreamKeepAlive: .zero),
        limits: RequestLimits(
            headSize: 0, headers: 0, bodySize: nil, connections: nil, connectionsPerAddress: nil),
        registry: RegistrySettings(
            listen: [], allow: [], ownership: .shared, sessionExpiry: .zero, grace: .zero, stagedExpiry: .zero,
            readTimeout: .zero, idleTimeout: .zero, keepAlive: .zero, connections: 0, connectionsPerAddress: 0,
            outputLimit: 0, stateDirectory: nil),
        backends: BackendSettings(allow: [], deny: [], resolveInterval: .zero),
        log: LogSettings(level: .info, format: .text))
}
