import ProxyModel
import Registry
import Testing

@Suite struct SupersedeTests {
    @Test func `a restart has no gap: the first apply replaces the old routes in the same step`() {
        let harness = Harness()
        let old = harness.register()
        old.applyRoute("a.example")
        let new = harness.register()
        #expect(new.id != old.id)
        #expect(harness.send("PING|\(old.id)", on: old.connection) == "ERROR|Invalid session")
        #expect(harness.send("RECONNECT|\(old.id)", on: old.connection) == "REREGISTER")
        #expect(harness.served.keys.map(\.description) == ["r1"])

        new.addRoute("a.example")
        let deltas = harness.deltas.count
        #expect(new.send("CONFIG_APPLY") == "OK")
        #expect(harness.deltas.count == deltas + 1)
        #expect(harness.deltas.last?.removals.map(\.description) == ["r1"])
        #expect(harness.deltas.last?.upserts.map(\.id.description) == ["r2"])
        #expect(harness.deltas.last?.endedSessions.count == 1)
        #expect(harness.registry.sessionCount == 1)
    }

    @Test func `the old routes stop at the end of their own grace when no apply comes`() {
        let harness = Harness()
        let old = harness.register()
        old.applyRoute("a.example")
        old.disconnect()
        harness.advance(.seconds(200))
        _ = harness.register()
        harness.advance(.milliseconds(99_999))
        #expect(harness.served.count == 1)
        harness.advance(.milliseconds(1))
        #expect(harness.served.isEmpty)
    }

    @Test func `a failed apply replaces nothing`() {
        let harness = Harness()
        let old = harness.register()
        old.applyRoute("a.example")
        let new = harness.register()
        new.addRoute("a.example")
        new.addRoute("a.example")
        #expect(new.send("CONFIG_APPLY").hasPrefix("ERROR|"))
        #expect(harness.served.keys.map(\.description) == ["r1"])
    }

    @Test func `an apply of nothing replaces as well`() {
        let harness = Harness()
        harness.register().applyRoute("a.example")
        #expect(harness.register().send("CONFIG_APPLY") == "OK")
        #expect(harness.served.isEmpty)
    }

    @Test func `a partial apply without routes leaves the old routes serving`() {
        let harness = Harness()
        harness.register().applyRoute("a.example")
        let new = harness.register()
        new.send("HEADERS_SET", "ALL", "X-A", "1")
        #expect(new.send("CONFIG_APPLY_PARTIAL", "headers") == "OK")
        #expect(harness.served.count == 1)
        #expect(new.send("CONFIG_APPLY_PARTIAL", "routes") == "OK")
        #expect(harness.served.isEmpty)
    }

    @Test func `a session that never applied hands on what it would have replaced`() {
        let harness = Harness()
        harness.register().applyRoute("a.example")
        let second = harness.register()
        second.addRoute("b.example")
        let third = harness.register()
        third.addRoute("c.example")
        #expect(third.send("CONFIG_APPLY") == "OK")
        #expect(harness.served.keys.map(\.description) == ["r3"])
        #expect(harness.registry.sessionCount == 1)
    }

    @Test func `an expired session is superseded without a gap too`() {
        let harness = Harness()
        let old = harness.register()
        old.applyRoute("a.example")
        old.disconnect()
        harness.advance(.seconds(100))
        let new = harness.register()
        new.applyRoute("a.example")
        #expect(harness.served.keys.map(\.description) == ["r2"])
    }

    @Test func `when a session expires before it applied, the one before it is superseded by the next`() {
        let harness = Harness()
        harness.register().applyRoute("a.example")
        let second = harness.register()
        second.disconnect()
        harness.advance(.seconds(61))
        let third = harness.register()
        third.applyRoute("a.example")
        #expect(harness.served.keys.map(\.description) == ["r2"])
    }

    @Test func `other instances and other services are left alone`() {
        let harness = Harness()
        harness.register("orbat", "orbat.1").applyRoute("a.example")
        harness.register("orbat", "orbat.2").applyRoute("a.example")
        harness.register("other", "orbat.1").applyRoute("a.example")
        #expect(harness.served.count == 3)
    }

    @Test func `CLIENT_SHUTDOWN before the first apply removes the old routes too`() {
        let harness = Harness()
        harness.register().applyRoute("a.example")
        let new = harness.register()
        #expect(new.send("CLIENT_SHUTDOWN") == "SHUTDOWN_OK")
        #expect(harness.served.isEmpty && harness.registry.sessionCount == 0)
    }

    @Test func `the same connection may register the same instance again`() {
        let harness = Harness()
        let old = harness.register()
        old.applyRoute("a.example")
        let reply = harness.send("REGISTER|orbat|orbat.1|3001|{}", on: old.connection)
        let new = Client(harness: harness, connection: old.connection, id: String(reply.dropFirst(4)))
        new.applyRoute("a.example")
        #expect(harness.served.keys.map(\.description) == ["r2"])
        new.disconnect()
        harness.advance(.seconds(300))
        #expect(harness.served.isEmpty)
    }
}
