import ProxyModel
import Registry
import Testing

@Suite struct MaintenanceTests {
    private func probe(_ harness: Harness, failure: String? = nil) -> String {
        guard !harness.pendingEffects.isEmpty,
            case .probeBackend(let backend, let limit, let token) = harness.pendingEffects.removeFirst()
        else { return "not asked" }
        harness.perform(harness.registry.backendProbed(token, failure: failure, now: harness.now))
        return "\(backend) \(limit.components.seconds)"
    }

    private func threeRoutes(_ harness: Harness) -> Client {
        let client = harness.register()
        client.addRoute("a.example", backend: "http://one:1")
        client.addRoute("a.example", "/admin", backend: "http://two:1")
        client.addRoute("b.example", backend: "http://one:1")
        client.send("CONFIG_APPLY")
        return client
    }

    private func inMaintenance(_ harness: Harness) -> [String] {
        harness.served.values.filter { $0.maintenance != nil }.map(\.id).sorted().map(\.description)
    }

    @Test func `entering: ACK when every worker serves the page, MAINT_OK when its backend answers`() {
        let harness = Harness()
        let client = threeRoutes(harness)
        harness.publishesAtOnce = false
        #expect(client.send("MAINT_ENTER", "r2,r3", "http://orbat:3001") == "")
        harness.publishAll()
        #expect(harness.take(client.connection) == ["ACK"])
        #expect(inMaintenance(harness) == ["r2", "r3"])
        harness.publishesAtOnce = true
        #expect(
            client.send("MAINT_STATUS")
                == "MAINT_STATUS_OK|{\"in_maintenance\":[\"r2\",\"r3\"],\"maintenance_backend\":\"http://orbat:3001\","
                + "\"entered_at\":\"2024-12-20T10:30:00Z\"}")
        #expect(probe(harness) == "http://orbat:3001 25")
        #expect(harness.take(client.connection) == ["MAINT_OK|r2,r3"])
        #expect(client.send("ACK") == "")
    }

    @Test(arguments: [
        ("ALL", ["r1", "r2", "r3"]), ("r1", ["r1"]), ("/admin", ["r2"]), ("a.example", ["r1", "r2"]),
        ("r3,/admin", ["r2", "r3"]),
    ])
    func `targets are ALL, ids, paths and domains`(target: String, routes: [String]) {
        let harness = Harness()
        let client = threeRoutes(harness)
        #expect(client.send("MAINT_ENTER", target, "") == "ACK\nMAINT_OK|\(target)")
        #expect(inMaintenance(harness) == routes)
        #expect(client.send("MAINT_EXIT", target) == "ACK")
        #expect(inMaintenance(harness) == [])
    }

    @Test func `a target that names nothing is an error`() {
        let harness = Harness()
        let client = threeRoutes(harness)
        client.addRoute("c.example")
        for (target, message) in [
            ("r9", "route not found"), ("r4", "route r4 is staged and not active yet: CONFIG_APPLY first"),
            ("/nowhere", "no active route of this session at \"/nowhere\""),
            ("z.example", "no active route of this session at \"z.example\""),
        ] {
            #expect(client.send("MAINT_ENTER", target, "http://m:1") == "ERROR|\(message)")
        }
        #expect(inMaintenance(harness) == [])
    }

    @Test func `a page that does not answer leaves the built-in one`() {
        let harness = Harness()
        let client = threeRoutes(harness)
        client.send("MAINT_ENTER", "tx", "ALL", "http://orbat:3001")
        client.applyRoute("late.example")
        #expect(probe(harness, failure: "connection refused") == "http://orbat:3001 25")
        #expect(
            harness.take(client.connection) == [
                "ERROR|tx|ALL: backend http://orbat:3001 does not answer (connection refused), the built-in page is served"
            ])
        #expect(inMaintenance(harness) == ["r1", "r2", "r3", "r4"])
        #expect(harness.served.values.allSatisfy { $0.maintenance == Maintenance(backend: nil) })
        #expect(client.send("MAINT_STATUS").contains("\"maintenance_backend\":null"))
    }

    @Test func `leaving: MAINT_OK once the routes' own backends answer, each asked once`() {
        let harness = Harness()
        let client = threeRoutes(harness)
        client.send("MAINT_ENTER", "ALL", "")
        #expect(client.send("MAINT_EXIT", "t7", "ALL") == "ACK|t7")
        #expect(inMaintenance(harness) == [])
        #expect(probe(harness) == "http://one:1 8")
        #expect(harness.take(client.connection) == [])
        #expect(probe(harness) == "http://two:1 8")
        #expect(harness.take(client.connection) == ["MAINT_OK|t7|ALL"])
        #expect(
            client.send("MAINT_STATUS")
                == "MAINT_STATUS_OK|{\"in_maintenance\":[],\"maintenance_backend\":null,\"entered_at\":null}")
    }

    @Test func `a backend that stays away makes the exit an error, traffic flows all the same`() {
        let harness = Harness()
        let client = threeRoutes(harness)
        client.send("MAINT_ENTER", "r1", "")
        client.send("MAINT_EXIT", "r1")
        _ = probe(harness, failure: "timeout")
        #expect(
            harness.take(client.connection) == [
                "ERROR|r1: backend http://one:1 does not answer (timeout), maintenance has ended all the same"
            ])
        #expect(inMaintenance(harness) == [])
    }

    @Test func `some routes leave while others stay`() {
        let harness = Harness()
        let client = threeRoutes(harness)
        client.send("MAINT_ENTER", "ALL", "")
        client.send("MAINT_EXIT", "r2")
        #expect(inMaintenance(harness) == ["r1", "r3"])
        // What ALL said holds for routes that come later, too.
        client.applyRoute("late.example")
        #expect(inMaintenance(harness) == ["r1", "r3", "r4"])
        client.send("MAINT_EXIT", "ALL")
        client.applyRoute("later.example")
        #expect(inMaintenance(harness) == [])
    }

    @Test func `the last word goes to the connection that gave the command, or to the log`() {
        let harness = Harness()
        let client = threeRoutes(harness)
        let script = harness.connect()
        #expect(harness.send("MAINT_ENTER|\(client.id)|r1|http://m:1", on: script) == "ACK")
        harness.advance(.seconds(31))
        #expect(harness.closed.isEmpty, "it waits for its MAINT_OK")
        _ = probe(harness)
        #expect(harness.take(script) == ["MAINT_OK|r1"])
        #expect(harness.take(client.connection) == [])

        #expect(harness.send("MAINT_ENTER|\(client.id)|r2|http://m:1", on: script) == "ACK")
        harness.disconnect(script)
        _ = probe(harness)
        #expect(harness.take(client.connection) == [])
        #expect(harness.logs.last?.hasPrefix("Not delivered, the connection is gone: MAINT_OK|r2") == true)
    }

    @Test func `maintenance survives RECONNECT and ends with a restart`() {
        let harness = Harness()
        let client = threeRoutes(harness)
        client.send("MAINT_ENTER", "ALL", "")
        client.disconnect()
        var back = client
        back.connection = harness.connect()
        back.send("RECONNECT")
        #expect(inMaintenance(harness) == ["r1", "r2", "r3"])
        harness.register().applyRoute("a.example")
        #expect(inMaintenance(harness) == [])
    }
}
