import ProxyModel
import Registry
import Testing

@Suite struct SessionTests {
    @Test func `a session id has a readable part and 128 random bits`() {
        let harness = Harness()
        let connection = harness.connect()
        let reply = harness.send("REGISTER|orbat|orbat.1.abc|3001|{\"version\":\"1.2.3\"}", on: connection)
        #expect(reply == "ACK|orbat.1.abc-3001-1734690600-11223344556677890000000000000007")
        #expect(
            harness.logs == [
                "Service registered: orbat at orbat.1.abc:3001 (session: orbat.1.abc-3001-1734690600-11223344)"
            ])
    }

    @Test func `the older form of REGISTER is accepted`() {
        let harness = Harness()
        let connection = harness.connect()
        let reply = harness.send("REGISTER|api|api-v2|9000|9001", on: connection)
        #expect(reply.hasPrefix("ACK|api-v2-9001-1734690600-"))
        let info = harness.send("SESSION_INFO|\(reply.dropFirst(4))", on: connection)
        #expect(info.contains("\"metadata\":{\"port\":9000}"))
    }

    @Test func `SESSION_INFO has the guide's form`() {
        let harness = Harness()
        let connection = harness.connect()
        let id = harness.send("REGISTER|orbat|orbat.1|3000|{\"version\":\"1.2.3\"}", on: connection).dropFirst(4)
        let client = Client(harness: harness, connection: connection, id: String(id))
        client.applyRoute("a.example")
        harness.advance(.seconds(3600))
        client.addRoute("b.example")
        #expect(
            client.send("SESSION_INFO")
                == "SESSION_OK|{\"session_id\":\"\(id)\",\"service_name\":\"orbat\",\"instance_name\":\"orbat.1\","
                + "\"connected_at\":\"2024-12-20T10:30:00Z\",\"uptime_seconds\":3600,\"routes_active\":1,"
                + "\"routes_staged\":1,\"last_apply\":\"2024-12-20T10:30:00Z\",\"metadata\":{\"version\":\"1.2.3\"}}")
    }

    @Test func `routes are served after an apply and not before`() {
        let harness = Harness()
        let client = harness.register()
        let id = client.addRoute("orbat.example", "/api")
        #expect(id == "r1")
        #expect(harness.served.isEmpty)
        #expect(client.send("CONFIG_VALIDATE") == "OK")
        #expect(harness.served.isEmpty)
        #expect(client.send("CONFIG_APPLY") == "OK")
        #expect(harness.served.keys.map(\.description) == ["r1"])
        #expect(harness.logs.last == "Route added: orbat at [orbat.example]/api -> http://orbat:3000")
    }

    @Test func `CLIENT_SHUTDOWN removes the routes, answers when they are gone and closes`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("orbat.example")
        harness.publishesAtOnce = false
        #expect(client.send("CLIENT_SHUTDOWN") == "")
        harness.publishAll()
        #expect(harness.take(client.connection) == ["SHUTDOWN_OK"])
        #expect(harness.closed == [client.connection])
        #expect(harness.served.isEmpty && harness.states.isEmpty)
        #expect(harness.registry.sessionCount == 0)
    }
}
