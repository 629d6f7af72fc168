import ProxyModel
import Registry
import Testing

@Suite struct AbsenceTests {
    @Test func `a session can be resumed for 60 seconds`() {
        let harness = Harness()
        let client = harness.register()
        client.disconnect()
        harness.advance(.milliseconds(59_999))
        let second = harness.connect()
        #expect(harness.send("RECONNECT|\(client.id)", on: second) == "OK")
        #expect(harness.send("PING|\(client.id)", on: second) == "PONG")
    }

    @Test func `a session is forgotten after 60 seconds`() {
        let harness = Harness()
        let client = harness.register()
        client.disconnect()
        harness.advance(.seconds(60))
        let second = harness.connect()
        #expect(harness.send("RECONNECT|\(client.id)", on: second) == "REREGISTER")
        #expect(harness.send("PING|\(client.id)", on: second) == "ERROR|Invalid session")
        #expect(harness.registry.sessionCount == 0)
    }

    @Test func `routes serve through the grace and not longer`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.disconnect()
        #expect(harness.states.values.map(\.connected) == [false])
        harness.advance(.milliseconds(299_999))
        #expect(harness.served.count == 1)
        harness.advance(.milliseconds(1))
        #expect(harness.served.isEmpty && harness.states.isEmpty)
        #expect(harness.registry.sessionCount == 0)
        #expect(harness.registry.nextDeadline == nil)
    }

    @Test func `RECONNECT stops both clocks and keeps what was staged`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.addRoute("b.example")
        client.disconnect()
        harness.advance(.seconds(30))
        let second = harness.connect()
        #expect(harness.send("RECONNECT|\(client.id)", on: second) == "OK")
        #expect(harness.states.values.map(\.connected) == [true])
        harness.advance(.seconds(900))
        #expect(harness.served.count == 1)
        #expect(harness.send("CONFIG_APPLY|\(client.id)", on: second) == "OK")
        #expect(harness.served.count == 2)
    }

    @Test func `RECONNECT takes a session from a connection that looks open`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        let second = harness.connect()
        #expect(harness.send("RECONNECT|\(client.id)", on: second) == "OK")
        // The end of the old one no longer means anything.
        client.disconnect()
        harness.advance(.seconds(600))
        #expect(harness.served.count == 1)
        #expect(harness.states.values.map(\.connected) == [true])
    }

    @Test func `a connection that lost its session to another one is idle from then on`() {
        let harness = Harness()
        let client = harness.register()
        harness.advance(.seconds(100))
        let second = harness.connect()
        _ = harness.send("RECONNECT|\(client.id)", on: second)
        harness.advance(.milliseconds(29_999))
        #expect(harness.closed.isEmpty)
        harness.advance(.milliseconds(1))
        #expect(harness.closed == [client.connection])
    }

    @Test func `sessions of one connection live and die together`() {
        let harness = Harness()
        let first = harness.register("a", "a.1")
        let reply = harness.send("REGISTER|b|b.1|1|", on: first.connection)
        let second = Client(harness: harness, connection: first.connection, id: String(reply.dropFirst(4)))
        first.applyRoute("a.example")
        second.applyRoute("b.example")
        let deltas = harness.deltas.count
        first.disconnect()
        #expect(harness.deltas.count == deltas + 1)
        #expect(harness.states.values.allSatisfy { !$0.connected })
        harness.advance(.seconds(300))
        #expect(harness.served.isEmpty)
    }

    @Test func `a command on another connection is carried out and takes no ownership`() {
        let harness = Harness()
        let client = harness.register()
        let other = harness.connect()
        #expect(harness.send("ROUTE_ADD|\(client.id)|a.example|/|http://a:1|0", on: other) == "ROUTE_OK|r1")
        #expect(harness.send("CONFIG_APPLY|\(client.id)", on: other) == "OK")
        client.disconnect()
        #expect(harness.states.values.map(\.connected) == [false])
        // Away, but not expired: commands go on.
        #expect(harness.send("PING|\(client.id)", on: other) == "PONG")
        harness.advance(.seconds(60))
        let third = harness.connect()
        #expect(harness.send("PING|\(client.id)", on: third) == "ERROR|Invalid session")
    }

    @Test func `a connection without session is closed after 30 seconds of silence`() {
        let harness = Harness()
        let connection = harness.connect()
        harness.advance(.seconds(20))
        _ = harness.send("PING|nobody", on: connection)
        harness.advance(.milliseconds(29_999))
        #expect(harness.closed.isEmpty)
        harness.advance(.milliseconds(1))
        #expect(harness.closed == [connection])
        #expect(harness.registry.connectionCount == 0)
    }

    @Test func `a connection with a session is never closed for silence`() {
        let harness = Harness()
        _ = harness.register()
        harness.advance(.seconds(86_400))
        #expect(harness.closed.isEmpty && harness.registry.sessionCount == 1)
    }

    @Test func `losing half of the sessions doubles their grace and keeps their traffic`() {
        let harness = Harness()
        let clients = (0..<10).map { harness.register("s", "s.\($0)") }
        for (number, client) in clients.enumerated() { client.applyRoute("\(number).example") }
        for client in clients[..<4] { client.disconnect() }
        #expect(harness.states.values.count { !$0.connected } == 4)
        harness.advance(.seconds(9))
        clients[4].disconnect()
        // The fifth of ten makes it a mass loss, for all five.
        #expect(harness.states.values.allSatisfy { $0.connected })
        #expect(harness.logs.contains { $0.hasPrefix("Mass loss: 5 of 10 sessions") })
        harness.advance(.seconds(589))
        #expect(harness.served.count == 10)
        harness.advance(.seconds(11))
        #expect(harness.served.count == 5)
    }

    @Test func `four lost sessions are no mass loss, nor are five of eleven`() {
        for (total, lost) in [(4, 4), (11, 5)] {
            let harness = Harness()
            let clients = (0..<total).map { harness.register("s", "s.\($0)") }
            for (number, client) in clients.enumerated() { client.applyRoute("\(number).example") }
            for client in clients[..<lost] { client.disconnect() }
            #expect(harness.states.values.count { !$0.connected } == lost)
            harness.advance(.seconds(300))
            #expect(harness.served.count == total - lost)
        }
    }

    @Test func `losses spread over time are no mass loss`() {
        let harness = Harness()
        let clients = (0..<10).map { harness.register("s", "s.\($0)") }
        for (number, client) in clients.enumerated() { client.applyRoute("\(number).example") }
        for client in clients {
            client.disconnect()
            harness.advance(.seconds(3))
        }
        #expect(harness.states.values.allSatisfy { !$0.connected })
    }

    @Test func `sessions that come back do not count as lost`() {
        let harness = Harness()
        let clients = (0..<8).map { harness.register("s", "s.\($0)") }
        for (number, client) in clients.enumerated() { client.applyRoute("\(number).example") }
        for client in clients[..<4] {
            client.disconnect()
            _ = harness.send("RECONNECT|\(client.id)", on: harness.connect())
        }
        clients[4].disconnect()
        #expect(harness.states.values.count { !$0.connected } == 1)
    }
}
