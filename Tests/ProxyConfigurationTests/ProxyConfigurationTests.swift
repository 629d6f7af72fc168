import ProxyConfiguration
import ProxyModel
import Testing

@Suite struct ProxyConfigurationTests {
    private func parse(
        _ flags: [Setting: [String]] = [:], environment: [String: String] = [:]
    ) throws(ConfigurationError) -> ProxyConfiguration {
        try ProxyConfiguration(flags: flags, environment: environment, cores: 4)
    }

    private func refusal(_ setting: Setting, _ text: String) -> String? {
        do throws(ConfigurationError) {
            _ = try parse([setting: [text]])
            return nil
        } catch {
            return error.description
        }
    }

    @Test func everyDefaultIsValidAndAsDocumented() throws {
        let configuration = try parse()
        #expect(configuration.http.map(\.port) == [80])
        #expect(configuration.registry.listen.map(\.port) == [81])
        #expect(configuration.workers == 4)
        #expect(configuration.trustedProxies.isEmpty)
        #expect(configuration.shutdownTimeout == .seconds(30))
        #expect(configuration.timeouts.head == .seconds(10))
        #expect(configuration.timeouts.connect == .seconds(5))
        #expect(configuration.timeouts.response == .seconds(30))
        #expect(configuration.timeouts.idle == .seconds(60))
        #expect(configuration.timeouts.bodyGrace == .seconds(10))
        #expect(configuration.timeouts.keepAlive == .seconds(75))
        #expect(configuration.limits.headSize == 65536)
        #expect(configuration.limits.headers == 128)
        #expect(configuration.limits.bodySize == nil)
        #expect(configuration.limits.connections == nil)
        #expect(configuration.limits.connectionsPerAddress == nil)
        #expect(configuration.registry.sessionExpiry == .seconds(60))
        #expect(configuration.registry.grace == .seconds(300))
        #expect(configuration.registry.stagedExpiry == .seconds(1800))
        #expect(configuration.registry.readTimeout == .seconds(30))
        #expect(configuration.registry.idleTimeout == .seconds(30))
        #expect(configuration.registry.keepAlive == .seconds(30))
        #expect(configuration.registry.outputLimit == 1 << 20)
        #expect(configuration.registry.allow == CIDR.privateNetworks)
        #expect(configuration.registry.ownership == .shared)
        #expect(configuration.log.level == .info)
        #expect(configuration.log.format == .text)
    }

    @Test func flagBeatsEnvironmentBeatsDefault() throws {
        let environment = ["APUS_IDLE_TIMEOUT": "7s", "APUS_HEAD_TIMEOUT": "8s", "PATH": "/bin"]
        let configuration = try parse([.idleTimeout: ["5s"]], environment: environment)
        #expect(configuration.timeouts.idle == .seconds(5))
        #expect(configuration.timeouts.head == .seconds(8))
        #expect(configuration.timeouts.connect == .seconds(5))
    }

    @Test func anEmptyVariableCountsAsNone() throws {
        #expect(try parse(environment: ["APUS_WORKERS": ""]).workers == 4)
    }

    @Test func listsTakeSeveralValuesInOneTextOrInMany() throws {
        let both = try parse([.trustedProxy: ["10.0.0.0/8,192.168.0.0/16", "fd00::/8"]])
        #expect(both.trustedProxies.map(\.description) == ["10.0.0.0/8", "192.168.0.0/16", "fd00::/8"])
        let fromEnvironment = try parse(environment: ["APUS_HTTP": ":8080 127.0.0.1:9090"])
        #expect(fromEnvironment.http.map(\.port) == [8080, 9090])
    }

    @Test func wordsStandForNetworks() throws {
        let configuration = try parse([.registryAllow: ["private,203.0.113.0/24"], .backendDeny: ["none"]])
        let friend = try #require(IPAddress("203.0.113.9"))
        #expect(configuration.registry.allow.contains { $0.contains(friend) })
        #expect(configuration.registry.allow.contains { $0.contains(.loopbackV4) })
        #expect(configuration.backends.deny.isEmpty)
    }

    @Test func metadataAddressesAreDeniedByDefault() throws {
        let configuration = try parse()
        for text in ["169.254.169.254", "fe80::1", "fd00:ec2::254"] {
            let address = try #require(IPAddress(text))
            #expect(configuration.backends.deny.contains { $0.contains(address) }, "\(text)")
        }
    }

    @Test(arguments: [
        (Setting.workers, "abc", "a whole number from 1 to 256, or cores"),
        (.workers, "0", "a whole number from 1 to 256, or cores"),
        (.maxHeadSize, "1MiB", "a size from 1KiB to 64KiB"),
        (.maxBodySize, "10 potatoes", "a size such as 500, 64KiB or 10MiB, or none"),
        (.maxConnections, "-1", "a whole number from 1 to 10000000, or auto"),
        (.registryOwnership, "mine", "one of shared, first"),
        (.logLevel, "loud", "one of trace, debug, info, notice, warning, error, critical"),
    ])
    func aBadValueIsNamedWithItsFlagAndWhatIsAllowed(setting: Setting, text: String, expected: String) {
        #expect(refusal(setting, text) == "\(setting.flag): invalid value \"\(text)\": expected \(expected)")
    }

    @Test(arguments: [
        (Setting.http, "8080"), (.http, ":70000"), (.trustedProxy, "10.0.0.0/40"), (.idleTimeout, "soon"),
        (.idleTimeout, "-5s"), (.idleTimeout, "0s"), (.registryAllow, "everyone"),
    ])
    func otherBadValuesBeginWithTheFlag(setting: Setting, text: String) throws {
        let message = try #require(refusal(setting, text))
        #expect(message.hasPrefix(setting.flag + ": "))
        #expect(!message.contains("\n"))
    }

    @Test func aBadVariableIsNamedByItsOwnName() {
        #expect(throws: ConfigurationError.self) { try parse(environment: ["APUS_WORKERS": "x"]) }
        do throws(ConfigurationError) {
            _ = try parse(environment: ["APUS_WORKERS": "x"])
        } catch {
            #expect(error.description.hasPrefix("APUS_WORKERS: "))
            #expect(error.source == .environment(.workers))
        }
    }

    @Test func aSingleValueGivenTwiceIsAnError() {
        #expect(throws: ConfigurationError.self) { try parse([.workers: ["1", "2"]]) }
    }

    @Test func sizesKnowBothKindsOfUnits() throws {
        #expect(try parse([.maxBodySize: ["10MiB"]]).limits.bodySize == 10_485_760)
        #expect(try parse([.maxBodySize: ["10MB"]]).limits.bodySize == 10_000_000)
        #expect(try parse([.maxBodySize: ["0"]]).limits.bodySize == 0)
        #expect(try parse([.maxBodySize: ["none"]]).limits.bodySize == nil)
    }

    @Test func httpAndRegistryCannotShareAnAddress() {
        #expect(throws: ConfigurationError.self) { try parse([.http: [":9000"], .registry: [":9000"]]) }
        #expect(throws: Never.self) { try parse([.http: ["127.0.0.1:0"], .registry: ["127.0.0.1:0"]]) }
    }

    @Test func graceCannotBeShorterThanSessionExpiry() {
        #expect(throws: ConfigurationError.self) { try parse([.registryGrace: ["10s"]]) }
    }

    @Test func namesOfFlagsAndVariablesAreUnique() {
        #expect(Set(Setting.allCases.map(\.environmentName)).count == Setting.allCases.count)
        #expect(Setting.maxConnectionsPerAddress.flag == "--max-connections-per-address")
        #expect(Setting.maxConnectionsPerAddress.environmentName == "APUS_MAX_CONNECTIONS_PER_ADDRESS")
    }

    @Test func misspeltVariablesAreFound() {
        let environment = ["APUS_WORKER": "1", "APUS_WORKERS": "1", "HOME": "/"]
        #expect(ProxyConfiguration.unknownNames(in: environment) == ["APUS_WORKER"])
    }
}
