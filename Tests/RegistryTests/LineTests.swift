import ProxyModel
import Registry
import Testing

@Suite struct LineTests {
    @Test(arguments: [
        ("PING|SID", "PONG"), ("PING|SID|t-1", "PONG|t-1"),
        ("PING|SID|compressed", "ERROR|invalid format: expected PING|session_id"),
        ("ROUTE_ADD|SID|t-1|a.example|/|http://a:1|0", "ROUTE_OK|t-1|r1"),
        ("ROUTE_REMOVE|SID|t.2|r9", "ERROR|t.2|route not found"), ("CONFIG_APPLY|SID|x", "OK|x"),
        ("CONFIG_ROLLBACK|SID|x", "OK|x"), ("CONFIG_VALIDATE|SID|x", "OK|x"),
        ("HEADERS_SET|SID|x|ALL|X-A|1", "HEADERS_OK|x"), ("SUBSCRIBE|SID|x|all", "SUBSCRIBE_OK|x"),
        ("UNSUBSCRIBE|SID|x|all", "UNSUBSCRIBE_OK|x"), ("DRAIN_CANCEL|SID|x", "ERROR|x|no drain in progress"),
        ("ROUTE_LIST|SID|x", "ROUTE_LIST_OK|x|[]"), ("ping|SID", "ERROR|unknown command: ping"),
        ("PING|wrong", "ERROR|Invalid session"), ("PING|wrong|x", "ERROR|x|Invalid session"),
        ("ROUTE_ADD|wrong|a b|x|y|z", "ERROR|Invalid session"), ("RECONNECT|wrong", "REREGISTER"),
        ("RECONNECT|SID", "OK"),
        ("ACK", ""), ("ACK|MAINT_OK", ""), ("\u{1}", "ERROR|invalid encoding"),
        ("REGISTER||x|1|", "ERROR|service_name must not be empty"),
    ])
    func `each line gets its answer`(line: String, answer: String) {
        let harness = Harness()
        let client = harness.register()
        #expect(harness.send(line.replacing("SID", with: client.id), on: client.connection) == answer)
        // The connection goes on whatever it was.
        #expect(client.send("PING") == "PONG")
    }

    @Test func `a line over the limit gets an error and the connection goes on`() {
        let harness = Harness()
        let client = harness.register()
        harness.perform(harness.registry.lineTooLong(on: client.connection, now: harness.now))
        #expect(harness.take(client.connection) == ["ERROR|line too long (limit 16384 bytes)"])
        #expect(client.send("PING") == "PONG")
    }

    @Test func `lines of a connection that is gone are ignored`() {
        let harness = Harness()
        let client = harness.register()
        client.disconnect()
        #expect(client.send("PING") == "")
        client.disconnect()
    }

    @Test func `compressed lists expand to the plain ones`() throws {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        let plain = client.send("ROUTE_LIST").dropFirst("ROUTE_LIST_OK|".count)
        let compressed = client.send("ROUTE_LIST", "compressed").dropFirst("ROUTE_LIST_OK|".count)
        #expect(expand(String(compressed)) == String(plain))
        #expect(client.send("ROUTE_LIST", "t1", "compressed").hasPrefix("ROUTE_LIST_OK|t1|"))
    }

    @Test func `a list over 64 KiB says to ask for compressed`() {
        let harness = Harness()
        let client = harness.register()
        for number in 0..<1000 { client.send("ROUTE_ADD", "\(number).example", "/", "http://a:1", "0") }
        let reply = client.send("ROUTE_LIST")
        #expect(reply.hasPrefix("ERROR|response too large (") && reply.hasSuffix(" bytes), ask for compressed"))
        #expect(client.send("ROUTE_LIST", "compressed").hasPrefix("ROUTE_LIST_OK|"))
    }

    @Test func `every client is told that the proxy stops, and nobody can register then`() {
        let harness = Harness()
        let client = harness.register()
        let other = harness.connect()
        harness.perform(harness.registry.shutdown(now: harness.now))
        #expect(harness.take(client.connection) == ["SHUTDOWN"])
        #expect(harness.take(other) == ["SHUTDOWN"])
        #expect(harness.send("REGISTER|a|a|1|", on: other) == "ERROR|the proxy is shutting down")
        #expect(client.send("PING") == "PONG")
    }
}
