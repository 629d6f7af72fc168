import ProxyModel
import Registry
import Testing

@Suite struct EventTests {
    @Test func `events have the guide's forms and go to subscribers alone`() {
        let harness = Harness()
        let client = harness.register("a", "a.1")
        let other = harness.register("b", "b.1")
        client.applyRoute("a.example")
        #expect(client.send("SUBSCRIBE", "all") == "SUBSCRIBE_OK")
        harness.perform(
            harness.registry.certificateRenewed(
                domain: "chilla55.de", expiry: WallTime(seconds: 1_742_428_800), now: harness.now))
        harness.perform(harness.registry.globalConfigurationChanged(reason: "admin_update", now: harness.now))
        harness.perform(
            harness.registry.healthChanged(
                of: [RouteID(number: 1), RouteID(number: 99)], isHealthy: false, reason: "connection_timeout",
                now: harness.now))
        #expect(
            harness.take(client.connection) == [
                "EVENT|cert_renewed|{\"domain\":\"chilla55.de\",\"expiry\":\"2025-03-20T00:00:00Z\"}",
                "EVENT|global_config_changed|{\"reason\":\"admin_update\"}",
                "EVENT|backend_health_changed|{\"route_id\":\"r1\",\"healthy\":false,\"reason\":\"connection_timeout\"}",
            ])
        #expect(harness.take(other.connection) == [])
    }

    @Test func `health events go to the owner of the route alone`() {
        let harness = Harness()
        let clients = ["a", "b"].map { harness.register($0, $0) }
        for client in clients {
            client.applyRoute("a.example")
            client.send("SUBSCRIBE", "backend_health_changed")
        }
        harness.perform(
            harness.registry.healthChanged(of: [RouteID(number: 2)], isHealthy: true, reason: "ok", now: harness.now))
        #expect(harness.take(clients[0].connection) == [])
        #expect(harness.take(clients[1].connection).count == 1)
    }

    @Test(arguments: [
        ("cert_renewed", false), ("global_config_changed", true), ("all", false), ("drain_completed", true),
    ])
    func `UNSUBSCRIBE takes one type back, or all`(type: String, stays: Bool) {
        let harness = Harness()
        let client = harness.register()
        client.send("SUBSCRIBE", "all")
        #expect(client.send("UNSUBSCRIBE", type) == "UNSUBSCRIBE_OK")
        harness.perform(
            harness.registry.certificateRenewed(domain: "a", expiry: WallTime(seconds: 0), now: harness.now))
        #expect(harness.take(client.connection).isEmpty != stays)
    }

    @Test func `an unknown type is an error`() {
        let harness = Harness()
        let client = harness.register()
        #expect(client.send("SUBSCRIBE", "nonsense").hasPrefix("ERROR|invalid event_type"))
    }

    @Test func `subscriptions survive RECONNECT, and nobody gets events while away`() {
        let harness = Harness()
        let client = harness.register()
        client.send("SUBSCRIBE", "all")
        client.disconnect()
        harness.perform(harness.registry.globalConfigurationChanged(reason: "one", now: harness.now))
        var back = client
        back.connection = harness.connect()
        back.send("RECONNECT")
        harness.perform(harness.registry.globalConfigurationChanged(reason: "two", now: harness.now))
        #expect(harness.take(back.connection) == ["EVENT|global_config_changed|{\"reason\":\"two\"}"])
    }
}

@Suite struct OwnershipTests {
    @Test func `routes of several services form groups, and subscribers are told`() {
        let harness = Harness()
        let first = harness.register("blue", "blue.1")
        let second = harness.register("green", "green.1")
        for client in [first, second] { client.send("SUBSCRIBE", "route_conflict") }
        first.applyRoute("a.example", "/x", priority: 5)
        #expect(harness.take(first.connection) == [])
        func event(_ id: String, _ service: String, _ kind: String) -> String {
            "EVENT|route_conflict|{\"route_id\":\"\(id)\",\"domain\":\"a.example\",\"path\":\"/x\","
                + "\"service\":\"\(service)\",\"kind\":\"\(kind)\"}"
        }
        second.addRoute("a.example", "/x", priority: 5)
        #expect(second.send("CONFIG_VALIDATE") == event("r2", "blue", "contested") + "\nOK")
        #expect(harness.take(first.connection) == [], "nothing is in force yet")
        #expect(second.send("CONFIG_APPLY") == event("r2", "blue", "contested") + "\nOK")
        #expect(harness.take(first.connection) == [event("r1", "green", "contested")])
        second.send("ROUTE_UPDATE", "r2", "priority", "9")
        second.send("CONFIG_APPLY")
        #expect(harness.take(first.connection) == [event("r1", "green", "shadowed")])
        #expect(harness.logs.last == "Route shadowing: r2 of green at a.example/x, priority 9, and blue, priority 5")
        #expect(harness.served.count == 2)
    }

    @Test func `instances of one service are no conflict`() {
        let harness = Harness()
        let clients = (0..<3).map { harness.register("s", "s.\($0)") }
        for client in clients {
            client.send("SUBSCRIBE", "route_conflict")
            client.applyRoute("a.example")
        }
        #expect(clients.allSatisfy { harness.take($0.connection).isEmpty })
    }

    @Test func `with ownership first a site belongs to the service that came first, until it leaves`() {
        var configuration = RegistryConfiguration()
        configuration.ownership = .first
        let harness = Harness(configuration)
        let first = harness.register("blue", "blue.1")
        let same = harness.register("blue", "blue.2")
        let other = harness.register("green", "green.1")
        first.applyRoute("a.example", "/x")
        same.applyRoute("a.example", "/x")
        other.addRoute("a.example", "/y")
        other.addRoute("a.example", "/x", priority: 100)
        #expect(other.send("CONFIG_VALIDATE") == "ERROR|route r4: a.example/x belongs to service blue")
        #expect(other.send("CONFIG_APPLY") == "ERROR|route r4: a.example/x belongs to service blue")
        first.send("CLIENT_SHUTDOWN")
        #expect(other.send("CONFIG_APPLY").hasPrefix("ERROR|"))
        same.send("CLIENT_SHUTDOWN")
        #expect(other.send("CONFIG_APPLY") == "OK")
    }
}
