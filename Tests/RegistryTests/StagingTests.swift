import ProxyModel
import Registry
import Testing

@Suite struct StagingTests {
    @Test func `route ids count up and are never given twice`() {
        let harness = Harness(firstRouteNumber: 41)
        let client = harness.register()
        #expect(client.addRoute("a.example") == "r41")
        #expect(client.send("CONFIG_ROLLBACK") == "OK")
        #expect(client.addRoute("a.example") == "r42")
        #expect(harness.registry.nextRouteNumber == 43)
    }

    @Test func `a bulk stages all routes or none`() {
        let harness = Harness()
        let client = harness.register()
        let good =
            "{\"domains\":[\"api.example.com\"],\"path\":\"/v1\",\"backend_url\":\"http://api:9000\",\"priority\":0}"
        let other =
            "{\"domains\":[\"api.example.com\"],\"path\":\"/v2\",\"backend_url\":\"http://api:9001\",\"priority\":9}"
        let bad = "{\"domains\":[],\"path\":\"/v2\",\"backend_url\":\"http://api:9001\",\"priority\":9}"
        #expect(client.send("ROUTE_ADD_BULK", "[\(good),\(bad)]").hasPrefix("ERROR|"))
        #expect(client.send("ROUTE_LIST") == "ROUTE_LIST_OK|[]")
        #expect(
            client.send("ROUTE_ADD_BULK", "[\(good),\(other)]")
                == "ROUTE_BULK_OK|[{\"route_id\":\"r1\",\"status\":\"ok\"},{\"route_id\":\"r2\",\"status\":\"ok\"}]")
        #expect(client.send("CONFIG_APPLY") == "OK")
        #expect(harness.served.count == 2)
    }

    @Test func `ROUTE_LIST has the guide's form, by number`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("orbat.chilla55.de")
        client.addRoute("api.chilla55.de", "/v2", backend: "http://api:9000", priority: 10)
        #expect(
            client.send("ROUTE_LIST")
                == "ROUTE_LIST_OK|[{\"route_id\":\"r1\",\"domains\":[\"orbat.chilla55.de\"],\"path\":\"/\","
                + "\"backend\":\"http://orbat:3000\",\"priority\":0,\"status\":\"active\",\"id\":\"r1\"},"
                + "{\"route_id\":\"r2\",\"domains\":[\"api.chilla55.de\"],\"path\":\"/v2\","
                + "\"backend\":\"http://api:9000\",\"priority\":10,\"status\":\"staged\",\"id\":\"r2\"}]")
    }

    @Test func `ROUTE_LIST shows an updated route as it is and as it will be, and a removed one as pending`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.applyRoute("b.example")
        client.send("ROUTE_UPDATE", "r1", "priority", "5")
        client.send("ROUTE_REMOVE", "r2")
        let list = client.send("ROUTE_LIST")
        let shown = list.split(separator: "{").dropFirst().map { entry in
            let number = entry.contains("\"priority\":5") ? 5 : 0
            let status = entry.split(separator: "\"status\":\"")[1].prefix { $0 != "\"" }
            return "\(entry.contains("\"r1\"") ? "r1" : "r2") \(number) \(status)"
        }
        #expect(shown == ["r1 0 active", "r1 5 staged", "r2 0 pending_removal"])
        // Nothing is in force before an apply.
        #expect(harness.served.values.allSatisfy { $0.priority == 0 } && harness.served.count == 2)
        #expect(client.send("CONFIG_APPLY") == "OK")
        #expect(harness.served.values.map(\.priority) == [5])
    }

    @Test(arguments: [
        ("backend_url", "https://new:9443"), ("priority", "7"), ("domains", "x.example,y.example"), ("path", "/new"),
    ])
    func `ROUTE_UPDATE changes one field`(field: String, value: String) throws {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example", "/old")
        #expect(client.send("ROUTE_UPDATE", "r1", field, value) == "ROUTE_OK")
        #expect(client.send("CONFIG_APPLY") == "OK")
        let route = try #require(harness.served[RouteID(number: 1)])
        let shown = [
            "backend_url": route.backend.description, "priority": String(route.priority),
            "domains": route.domains.map(\.description).joined(separator: ","), "path": route.path.text,
        ]
        var expected = [
            "backend_url": "http://orbat:3000", "priority": "0", "domains": "a.example", "path": "/old",
        ]
        expected[field] = value
        #expect(shown == expected)
    }

    @Test func `updates of one route add up, and taking them back leaves nothing staged`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.send("ROUTE_UPDATE", "r1", "priority", "7")
        client.send("ROUTE_UPDATE", "r1", "path", "/x")
        client.send("ROUTE_UPDATE", "r1", "priority", "0")
        #expect(client.send("CONFIG_DIFF").contains("\"modified\":[\"r1\"]"))
        client.send("ROUTE_UPDATE", "r1", "path", "/")
        #expect(client.send("CONFIG_DIFF").contains("\"routes\":{\"added\":[],\"removed\":[],\"modified\":[]}"))
    }

    @Test func `routes that are not there cannot be updated or removed`() {
        let harness = Harness()
        let client = harness.register("a", "a.1")
        let other = harness.register("b", "b.1")
        client.applyRoute("a.example")
        for id in ["r9", "r0", "nonsense"] {
            #expect(client.send("ROUTE_REMOVE", id) == "ERROR|route not found")
            #expect(client.send("ROUTE_UPDATE", id, "priority", "1") == "ERROR|route not found")
        }
        // Another session's route is none of this one's.
        #expect(other.send("ROUTE_REMOVE", "r1") == "ERROR|route not found")
        client.send("ROUTE_REMOVE", "r1")
        #expect(client.send("ROUTE_UPDATE", "r1", "priority", "1").hasPrefix("ERROR|route r1 is staged for removal"))
        #expect(client.send("ROUTE_REMOVE", "r1") == "ROUTE_OK")
    }

    @Test func `removing a route that is only staged takes it and its settings out`() {
        let harness = Harness()
        let client = harness.register()
        client.addRoute("a.example")
        client.send("HEADERS_SET", "r1", "X-A", "1")
        #expect(client.send("ROUTE_REMOVE", "r1") == "ROUTE_OK")
        #expect(client.send("ROUTE_LIST") == "ROUTE_LIST_OK|[]")
        #expect(client.send("CONFIG_APPLY") == "OK")
        #expect(client.send("ROUTE_REMOVE", "r1") == "ERROR|route not found")
    }

    @Test func `a removed route takes its own settings with it`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.send("HEADERS_SET", "r1", "X-A", "1")
        client.send("CONFIG_APPLY")
        client.send("HEADERS_SET", "r1", "X-B", "1")
        client.send("ROUTE_REMOVE", "r1")
        #expect(client.send("CONFIG_APPLY") == "OK")
        #expect(harness.served.isEmpty)
    }

    @Test func `CONFIG_DIFF counts every kind of change`() {
        let harness = Harness()
        let client = harness.register()
        for domain in ["a.example", "b.example"] { client.addRoute(domain) }
        client.send("CONFIG_APPLY")
        client.addRoute("c.example")
        client.send("ROUTE_REMOVE", "r1")
        client.send("ROUTE_UPDATE", "r2", "priority", "3")
        client.send("HEADERS_SET", "ALL", "X-A", "1")
        client.send("HEADERS_SET", "r2", "X-A", "2")
        client.send("HEADERS_REMOVE", "r2", "X-B")
        client.send("OPTIONS_SET", "ALL", "timeout", "30s")
        client.send("OPTIONS_REMOVE", "r3", "websocket")
        client.send("HEALTH_SET", "r3", "/health", "10s", "2s")
        client.send("RATELIMIT_SET", "ALL", "100", "1m")
        client.send("CIRCUIT_BREAKER_SET", "r2", "5", "30s", "2")
        #expect(
            client.send("CONFIG_DIFF")
                == "DIFF_OK|{\"routes\":{\"added\":[\"r3\"],\"removed\":[\"r1\"],\"modified\":[\"r2\"]},"
                + "\"headers\":{\"added\":2,\"removed\":1},\"options\":{\"modified\":2},\"health\":{\"modified\":1},"
                + "\"ratelimit\":{\"modified\":1},\"circuit_breaker\":{\"modified\":1}}")
        #expect(client.send("CONFIG_ROLLBACK") == "OK")
        #expect(
            client.send("CONFIG_DIFF")
                == "DIFF_OK|{\"routes\":{\"added\":[],\"removed\":[],\"modified\":[]},"
                + "\"headers\":{\"added\":0,\"removed\":0},\"options\":{\"modified\":0},\"health\":{\"modified\":0},"
                + "\"ratelimit\":{\"modified\":0},\"circuit_breaker\":{\"modified\":0}}")
        #expect(harness.served.count == 2)
    }

    @Test func `staged changes expire 30 minutes after the last of them`() {
        let harness = Harness()
        let client = harness.register()
        client.send("SUBSCRIBE", "global_config_changed")
        client.addRoute("a.example")
        harness.advance(.seconds(1200))
        client.send("HEADERS_SET", "ALL", "X-A", "1")
        harness.advance(.milliseconds(1_799_999))
        #expect(client.send("CONFIG_DIFF").contains("\"added\":[\"r1\"]"))
        harness.advance(.milliseconds(1))
        #expect(harness.take(client.connection) == ["EVENT|global_config_changed|{\"reason\":\"staged_expired\"}"])
        #expect(client.send("ROUTE_LIST") == "ROUTE_LIST_OK|[]")
        #expect(harness.logs.contains { $0.hasPrefix("Staged changes expired: 2 of orbat") })
    }

    @Test func `an apply or a rollback stops the clock of staged changes`() {
        let harness = Harness()
        let client = harness.register()
        client.send("SUBSCRIBE", "all")
        client.applyRoute("a.example")
        client.addRoute("b.example")
        client.send("CONFIG_ROLLBACK")
        harness.advance(.seconds(4000))
        #expect(harness.take(client.connection) == [])
        #expect(harness.served.count == 1)
    }

    @Test func `limits are errors that name them`() {
        var configuration = RegistryConfiguration()
        configuration.limits.sessions = 2
        configuration.limits.routesPerSession = 2
        configuration.limits.routes = 3
        configuration.limits.stagedChanges = 4
        configuration.limits.stagedBytes = 2000
        configuration.limits.domainsPerRoute = 2
        configuration.limits.headersPerTarget = 1
        let harness = Harness(configuration)
        let client = harness.register("a", "a.1")
        let other = harness.register("b", "b.1")
        #expect(harness.send("REGISTER|c|c.1|1|", on: harness.connect()) == "ERROR|too many sessions (limit 2)")
        #expect(
            client.send("ROUTE_ADD", "a.a,b.b,c.c", "/", "http://a:1", "0")
                == "ERROR|too many domains of one route (limit 2)")
        client.applyRoute("a.example")
        client.addRoute("b.example")
        #expect(
            client.send("ROUTE_ADD", "c.example", "/", "http://a:1", "0")
                == "ERROR|too many routes of one session (limit 2)")
        other.addRoute("a.example")
        #expect(other.send("ROUTE_ADD", "b.example", "/", "http://a:1", "0") == "ERROR|too many routes (limit 3)")
        for number in 0..<3 { #expect(other.send("HEADERS_SET", "ALL", "X-\(number)", "1") == "HEADERS_OK") }
        #expect(other.send("HEADERS_SET", "ALL", "X-9", "1") == "ERROR|too many staged changes (limit 4)")
        #expect(other.send("CONFIG_VALIDATE") == "ERROR|ALL: too many headers (limit 1)")
        let long = String(repeating: "v", count: 2000)
        #expect(client.send("HEADERS_SET", "ALL", "X-A", long) == "ERROR|too many bytes of staged changes (limit 2000)")
        // What is taken back makes room.
        #expect(client.send("ROUTE_REMOVE", "r2") == "ROUTE_OK")
        #expect(other.send("CONFIG_ROLLBACK") == "OK")
        #expect(other.send("ROUTE_ADD", "b.example", "/", "http://a:1", "0") == "ROUTE_OK|r4")
    }
}
