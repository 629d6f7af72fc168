import ProxyModel
import Registry
import Testing

@Suite struct ApplyTests {
    @Test func `an apply answers only when its publication is served, others go on meanwhile`() {
        let harness = Harness()
        let client = harness.register("a", "a.1")
        let other = harness.register("b", "b.1")
        client.addRoute("a.example")
        other.addRoute("b.example")
        harness.publishesAtOnce = false
        #expect(client.send("CONFIG_APPLY") == "")
        #expect(other.send("PING") == "PONG")
        #expect(other.send("CONFIG_APPLY") == "")
        #expect(harness.deltas.flatMap(\.upserts).map(\.service) == ["a", "b"])
        harness.perform(harness.registry.published(harness.pendingPublications.removeLast(), now: harness.now))
        #expect(harness.take(other.connection) == ["OK"])
        #expect(harness.take(client.connection) == [])
        harness.publishAll()
        #expect(harness.take(client.connection) == ["OK"])
    }

    @Test func `an apply without changes is a barrier all the same`() {
        let harness = Harness()
        let client = harness.register()
        client.addRoute("a.example")
        #expect(harness.register("b", "b.1").send("CONFIG_APPLY") == "OK")
        harness.publishesAtOnce = false
        #expect(client.send("CONFIG_APPLY") == "")
        let second = harness.connect()
        #expect(harness.send("CONFIG_APPLY|\(client.id)", on: second) == "")
        harness.publishAll()
        #expect(harness.take(second) == ["OK"])
    }

    @Test func `an answer for a connection that is gone is dropped`() {
        let harness = Harness()
        let client = harness.register()
        client.addRoute("a.example")
        harness.publishesAtOnce = false
        client.send("CONFIG_APPLY")
        client.disconnect()
        harness.publishAll()
        #expect(harness.take(client.connection) == [])
        #expect(harness.served.count == 1)
    }

    @Test func `a mistake applies nothing and keeps everything staged`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example", "/x")
        client.addRoute("b.example")
        client.addRoute("a.example", "/x/")
        let message = "ERROR|route r3: same domain, path and priority as route r1 (a.example/x, priority 0)"
        #expect(client.send("CONFIG_VALIDATE") == message)
        #expect(client.send("CONFIG_APPLY") == message)
        #expect(harness.served.count == 1)
        client.send("ROUTE_UPDATE", "r3", "priority", "1")
        #expect(client.send("CONFIG_APPLY") == "OK")
        #expect(harness.served.count == 3)
    }

    @Test func `routes may swap places in one apply`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.applyRoute("b.example")
        client.send("ROUTE_UPDATE", "r1", "domains", "b.example")
        client.send("ROUTE_UPDATE", "r2", "domains", "a.example")
        client.addRoute("c.example")
        #expect(client.send("CONFIG_APPLY") == "OK")
        client.send("ROUTE_REMOVE", "r3")
        client.addRoute("c.example")
        #expect(client.send("CONFIG_APPLY") == "OK")
        #expect(harness.served.count == 3)
    }

    @Test func `settings for routes that are not there are found by the whole`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.send("ROUTE_REMOVE", "r1")
        #expect(client.send("HEADERS_SET", "r1", "X-A", "1") == "HEADERS_OK")
        #expect(client.send("RATELIMIT_SET", "r77", "5", "1s") == "RATELIMIT_OK")
        #expect(
            client.send("CONFIG_APPLY")
                == "ERROR|route r1: headers staged for a route that is staged for removal; "
                + "route r77: ratelimit staged for a route that does not exist")
    }

    @Test func `many mistakes are named up to ten, the others by number`() {
        let harness = Harness()
        let client = harness.register()
        for number in 1...13 { client.send("OPTIONS_SET", "r\(number)", "weight", "1") }
        let reply = client.send("CONFIG_VALIDATE")
        #expect(reply.split(separator: "; ").count == 11 && reply.hasSuffix("; and 3 more"))
    }

    @Test func `http3 needs TLS`() {
        let harness = Harness()
        let client = harness.register()
        #expect(client.send("OPTIONS_SET", "ALL", "http3", "true") == "OPTIONS_OK")
        #expect(client.send("CONFIG_APPLY") == "ERROR|ALL: http3 needs TLS, and this proxy has no TLS listener")
        #expect(client.send("OPTIONS_SET", "ALL", "http3", "off") == "OPTIONS_OK")
        #expect(client.send("CONFIG_APPLY") == "OK")
        var configuration = RegistryConfiguration()
        configuration.hasTLS = true
        let other = Harness(configuration).register()
        other.send("OPTIONS_SET", "ALL", "http3", "true")
        #expect(other.send("CONFIG_APPLY") == "OK")
    }

    @Test func `a partial apply takes what it names and leaves the rest staged`() {
        let harness = Harness()
        let client = harness.register()
        client.addRoute("a.example")
        client.send("HEADERS_SET", "ALL", "X-A", "1")
        client.send("RATELIMIT_SET", "r1", "5", "1s")
        #expect(client.send("CONFIG_APPLY_PARTIAL", "routes,headers") == "OK")
        #expect(harness.served.values.first?.settings.responseHeaders.map(\.value) == ["1"])
        #expect(harness.served.values.first?.settings.rateLimit == nil)
        #expect(client.send("CONFIG_DIFF").contains("\"ratelimit\":{\"modified\":1}"))
        #expect(client.send("CONFIG_APPLY_PARTIAL", "ratelimit") == "OK")
        #expect(harness.served.values.first?.settings.rateLimit?.requests == 5)
    }

    @Test func `a partial apply with an unknown or empty scope applies nothing`() {
        let harness = Harness()
        let client = harness.register()
        client.addRoute("a.example")
        for scope in ["", "routes,nonsense", "routes,"] {
            #expect(client.send("CONFIG_APPLY_PARTIAL", scope).hasPrefix("ERROR|"))
        }
        #expect(harness.served.isEmpty)
    }

    @Test func `a setting whose route is not applied yet stays staged`() {
        let harness = Harness()
        let client = harness.register()
        client.addRoute("a.example")
        client.send("HEADERS_SET", "r1", "X-A", "1")
        #expect(
            client.send("CONFIG_APPLY_PARTIAL", "headers")
                == "ERROR|route r1: staged and not applied yet, its headers stay staged: apply routes too")
        #expect(client.send("CONFIG_APPLY") == "OK")
        #expect(harness.served.values.first?.settings.responseHeaders.map(\.value) == ["1"])
    }

    @Test(arguments: [10, 100, 1000])
    func `an apply publishes its own change, however many routes there are`(routes: Int) {
        let harness = Harness()
        let client = harness.register()
        for number in 0..<routes {
            client.send("ROUTE_ADD", "\(number).example", "/", "http://a:1", "0")
        }
        client.send("CONFIG_APPLY")
        func size(_ delta: RoutingDelta?) -> [Int] {
            guard let delta else { return [] }
            return [delta.upserts.count, delta.removals.count, delta.sessions.count, delta.endedSessions.count]
        }
        #expect(size(harness.deltas.last) == [routes, 0, 1, 0])
        client.applyRoute("new.example")
        #expect(size(harness.deltas.last) == [1, 0, 0, 0])
        client.send("ROUTE_UPDATE", "r1", "priority", "5")
        client.send("HEADERS_SET", "r2", "X-A", "1")
        client.send("CONFIG_APPLY")
        #expect(size(harness.deltas.last) == [2, 0, 0, 0])
        client.send("ROUTE_REMOVE", "r3")
        client.send("CONFIG_APPLY")
        #expect(size(harness.deltas.last) == [0, 1, 0, 0])
        client.send("HEADERS_SET", "ALL", "X-A", "1")
        client.send("CONFIG_APPLY")
        #expect(size(harness.deltas.last) == [routes, 0, 0, 0])
        client.disconnect()
        #expect(size(harness.deltas.last) == [0, 0, 1, 0])
    }

    @Test func `deltas name routes by number`() {
        let harness = Harness()
        let client = harness.register()
        for number in 0..<50 { client.addRoute("\(number).example") }
        client.send("CONFIG_APPLY")
        #expect(harness.deltas.last?.upserts.map(\.id.number) == Array(1...50))
        client.send("CLIENT_SHUTDOWN")
        #expect(harness.deltas.last?.removals.map(\.number) == Array(1...50))
    }
}
