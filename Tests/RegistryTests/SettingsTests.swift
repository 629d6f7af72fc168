import ProxyModel
import Registry
import Testing

@Suite struct SettingsTests {
    /// The settings of r1 after these commands and an apply; r1 is there already.
    private func settings(_ commands: [[String]], backend: String = "http://a:1") throws -> RouteSettings {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example", backend: backend)
        for command in commands {
            let line = ([command[0], client.id] + command.dropFirst()).joined(separator: "|")
            let reply = harness.send(line, on: client.connection)
            #expect(reply == "OK" || reply.hasSuffix("_OK"), "\(line): \(reply)")
        }
        #expect(client.send("CONFIG_APPLY") == "OK")
        return try #require(harness.served[RouteID(number: 1)]?.settings)
    }

    @Test func `a route's own setting beats that of ALL, whichever came first`() throws {
        let own = [["HEADERS_SET", "r1", "X-A", "own"], ["RATELIMIT_SET", "r1", "1", "1s"]]
        let all = [
            ["HEADERS_SET", "ALL", "x-a", "all"], ["HEADERS_SET", "ALL", "X-B", "all"],
            ["RATELIMIT_SET", "ALL", "9", "1s"], ["CIRCUIT_BREAKER_SET", "ALL", "3", "1s", "1"],
            ["OPTIONS_SET", "ALL", "weight", "7"],
        ]
        for commands in [own + all, all + own] {
            let settings = try settings(commands)
            #expect(settings.responseHeaders.map(\.description).sorted() == ["X-A: own", "X-B: all"])
            #expect(settings.rateLimit?.requests == 1)
            #expect(settings.circuitBreaker?.threshold == 3)
            #expect(settings.weight == 7)
        }
    }

    @Test func `removal restores what holds without`() throws {
        let set = [
            ["HEADERS_SET", "ALL", "X-A", "all"], ["HEADERS_SET", "r1", "X-A", "own"],
            ["OPTIONS_SET", "r1", "weight", "7"],
            ["CONFIG_APPLY"],
        ]
        let settings = try settings(set + [["HEADERS_REMOVE", "r1", "x-A"], ["OPTIONS_REMOVE", "r1", "weight"]])
        #expect(settings.responseHeaders.map(\.value) == ["all"])
        #expect(settings.weight == 100)
        let without = try self.settings(
            set + [
                ["HEADERS_REMOVE", "r1", "X-A"], ["OPTIONS_REMOVE", "r1", "weight"], ["HEADERS_REMOVE", "ALL", "X-A"],
            ])
        #expect(without == .standard)
    }

    @Test func `HEALTH_SET and the options of the same meaning: the last word counts`() throws {
        let health = ["HEALTH_SET", "r1", "/health", "10s", "2s"]
        #expect(
            try settings([["OPTIONS_SET", "r1", "health_check_interval", "60s"], health]).healthCheck
                == HealthCheckSettings(path: "/health", interval: .seconds(10), timeout: .seconds(2)))
        #expect(
            try settings([health, ["OPTIONS_SET", "r1", "health_check_interval", "60s"]]).healthCheck
                == HealthCheckSettings(path: "/health", interval: .seconds(60), timeout: .seconds(2)))
        #expect(
            try settings([health, ["CONFIG_APPLY"], ["OPTIONS_REMOVE", "r1", "health_check_path"]]).healthCheck.path
                == nil)
    }

    @Test func `a websocket backend switches websocket on unless an option says otherwise`() throws {
        #expect(try settings([], backend: "ws://a:1").websocket == true)
        #expect(try settings([]).websocket == nil)
        #expect(try settings([["OPTIONS_SET", "ALL", "websocket", "off"]], backend: "wss://a:1").websocket == false)
    }

    @Test func `ROUTE_LIST shows the options that hold for an active route`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.send("OPTIONS_SET", "ALL", "timeout", "90")
        client.send("OPTIONS_SET", "ALL", "http2", "on")
        client.send("OPTIONS_SET", "r1", "timeout", "1500ms")
        #expect(!client.send("ROUTE_LIST").contains("options"))
        client.send("CONFIG_APPLY")
        #expect(client.send("ROUTE_LIST").hasSuffix("\"options\":{\"timeout\":\"1.5s\",\"http2\":\"true\"}}]"))
    }

    @Test func `settings of ALL hold for routes that come later`() {
        let harness = Harness()
        let client = harness.register()
        client.send("HEADERS_SET", "ALL", "X-A", "1")
        client.send("CONFIG_APPLY")
        client.applyRoute("a.example")
        #expect(harness.served.values.first?.settings.responseHeaders.map(\.value) == ["1"])
    }

    @Test func `what comes into force is logged`() {
        let harness = Harness()
        let client = harness.register("api-service", "api-v2")
        client.send("ROUTE_ADD", "api.example.com,api.example.org", "/v2", "http://api-v2:9000", "0")
        client.send("HEADERS_SET", "ALL", "X-API-Version", "2.0")
        client.send("OPTIONS_SET", "r1", "timeout", "1m30s")
        client.send("HEALTH_SET", "r1", "/health", "10s", "2s")
        client.send("RATELIMIT_SET", "r1", "100", "1m")
        client.send("CIRCUIT_BREAKER_SET", "ALL", "5", "30s", "2")
        let before = harness.logs.count
        client.send("CONFIG_APPLY")
        #expect(
            harness.logs[before...] == [
                "Route added: api-service at [api.example.com api.example.org]/v2 -> http://api-v2:9000",
                "Header added: X-API-Version = 2.0 for api-service",
                "Circuit breaker set: 5 failures, 30s, 2 tests for api-service",
                "Option set: timeout = 1m30s for api-service r1",
                "Health check set: /health every 10s, timeout 2s for api-service r1",
                "Rate limit set: 100 per 1m for api-service r1",
            ])
    }
}
