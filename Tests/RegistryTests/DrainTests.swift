import ProxyModel
import Registry
import Testing

@Suite struct DrainTests {
    /// Answers the question what the session has in flight and returns what the client got.
    private func answer(_ harness: Harness, _ client: Client, _ report: ActivityReport) -> [String] {
        guard case .queryActivity(_, let token)? = harness.pendingEffects.popLast() else { return ["not asked"] }
        harness.perform(harness.registry.activityRead(token, report, now: harness.now))
        return harness.take(client.connection)
    }

    @Test func `a drain is published once and shown as the guide has it`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        harness.publishesAtOnce = false
        #expect(client.send("DRAIN_START", "2m") == "")
        harness.publishAll()
        #expect(harness.take(client.connection) == ["DRAIN_OK|2024-12-20T10:32:00Z"])
        #expect(harness.states.values.first?.drain?.duration == .seconds(120))
        harness.publishesAtOnce = true
        harness.advance(.seconds(45))
        #expect(client.send("DRAIN_STATUS") == "")
        #expect(
            answer(
                harness, client,
                ActivityReport(inFlight: 3, webSockets: 1, lastRequestAt: WallTime(seconds: 1_734_690_644)))
                == [
                    "DRAIN_STATUS_OK|{\"active\":true,\"started_at\":\"2024-12-20T10:30:00Z\",\"duration_seconds\":120,"
                        + "\"elapsed_seconds\":45,\"remaining_seconds\":75,\"traffic_percent\":62,\"in_flight\":3,"
                        + "\"websockets\":1,\"last_request_at\":\"2024-12-20T10:30:44Z\"}"
                ])
    }

    @Test func `after completion the status still answers, until it is cancelled`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.send("DRAIN_START", "30s")
        harness.advance(.seconds(100))
        client.send("DRAIN_STATUS")
        let status = answer(harness, client, ActivityReport())
        #expect(status.first?.contains("\"elapsed_seconds\":30,\"remaining_seconds\":0,\"traffic_percent\":0") == true)
        #expect(status.first?.contains("\"last_request_at\":null") == true)
        #expect(client.send("DRAIN_CANCEL") == "DRAIN_OK")
        #expect(harness.states.values.first?.drain == nil)
        #expect(client.send("DRAIN_STATUS") == "ERROR|no drain in progress")
        #expect(client.send("DRAIN_CANCEL") == "ERROR|no drain in progress")
    }

    @Test func `a second drain is an error`() {
        let harness = Harness()
        let client = harness.register()
        client.send("DRAIN_START", "30s")
        #expect(
            client.send("DRAIN_START", "1m").hasPrefix("ERROR|drain already in progress until 2024-12-20T10:30:30Z"))
    }

    @Test func `drain_completed comes once nothing is in flight, to who subscribed by name`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.send("SUBSCRIBE", "drain_completed")
        client.send("DRAIN_START", "30s")
        harness.advance(.milliseconds(29_999))
        #expect(harness.pendingEffects.isEmpty)
        harness.advance(.milliseconds(1))
        #expect(answer(harness, client, ActivityReport(inFlight: 1)) == [])
        harness.advance(.milliseconds(250))
        #expect(answer(harness, client, ActivityReport(webSockets: 1)) == [])
        harness.advance(.milliseconds(250))
        #expect(
            answer(harness, client, ActivityReport())
                == ["EVENT|drain_completed|{\"session_id\":\"\(client.id)\",\"in_flight\":0,\"websockets\":0}"])
        harness.advance(.seconds(10))
        #expect(harness.pendingEffects.isEmpty)
    }

    @Test func `who did not subscribe by name is not asked for`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.send("SUBSCRIBE", "all")
        client.send("DRAIN_START", "30s")
        harness.advance(.seconds(60))
        #expect(harness.pendingEffects.isEmpty)
        // Subscribing late is in time.
        client.send("SUBSCRIBE", "drain_completed")
        harness.advance(.milliseconds(1))
        #expect(answer(harness, client, ActivityReport()).count == 1)
    }

    @Test func `a drain goes on while the owner is away, and the receipt waits for it`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.send("SUBSCRIBE", "drain_completed")
        client.send("DRAIN_START", "30s")
        client.disconnect()
        harness.advance(.seconds(40))
        #expect(harness.pendingEffects.isEmpty)
        var back = client
        back.connection = harness.connect()
        #expect(back.send("RECONNECT") == "OK")
        harness.advance(.milliseconds(1))
        #expect(answer(harness, back, ActivityReport()).first?.hasPrefix("EVENT|drain_completed|") == true)
    }
}
