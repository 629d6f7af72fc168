import ProxyModel
import Registry
import RegistryProtocol
import Testing

/// The text of a compressed payload.
func expand(_ payload: String) -> String? { Gzip.text(ofBase64: payload) }

@Suite struct QueryTests {
    @Test func `BACKEND_TEST has the guide's forms`() throws {
        let harness = Harness()
        let client = harness.register()
        #expect(client.send("BACKEND_TEST", "https://api:9443") == "")
        guard case .testBackend(let backend, let path, let token)? = harness.pendingEffects.popLast() else {
            Issue.record("no test asked for")
            return
        }
        #expect(backend.description == "https://api:9443" && path == nil)
        harness.perform(
            harness.registry.backendTested(
                token, .reachable(responseTime: .milliseconds(45), statusCode: 200, tlsValid: true), now: harness.now))
        #expect(
            harness.take(client.connection) == [
                "BACKEND_OK|{\"reachable\":true,\"response_time_ms\":45,\"status_code\":200,\"tls_valid\":true}"
            ])
        client.send("BACKEND_TEST", "tx", "http://api:9443")
        guard case .testBackend(_, _, let second)? = harness.pendingEffects.popLast() else { return }
        harness.perform(
            harness.registry.backendTested(second, .unreachable(reason: "connection refused"), now: harness.now))
        #expect(
            harness.take(client.connection) == [
                "BACKEND_FAIL|tx|{\"reachable\":false,\"error\":\"connection refused\"}"
            ])
    }

    @Test func `BACKEND_TEST uses the health path of a route with that backend`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example", backend: "http://api:9000")
        client.send("HEALTH_SET", "r1", "/health", "10s", "1s")
        client.send("CONFIG_APPLY")
        client.send("BACKEND_TEST", "http://api:9000")
        guard case .testBackend(_, let path, _)? = harness.pendingEffects.popLast() else {
            Issue.record("no test asked for")
            return
        }
        #expect(path == "/health")
    }

    @Test func `STATS_GET has the guide's form for one route, the others follow from it`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.applyRoute("b.example")
        let report = TrafficReport(
            requests: 12_453, errors: 23, averageLatency: .milliseconds(45), p95Latency: .milliseconds(120),
            p99Latency: .milliseconds(250), bytesSent: 5_242_880, bytesReceived: 1_048_576,
            statusCodes: [500: 23, 200: 12_400, 404: 30])
        func object(_ name: String) -> String {
            "{\"route_id\":\"\(name)\",\"requests\":12453,\"errors\":23,\"avg_latency_ms\":45,\"p95_latency_ms\":120,"
                + "\"p99_latency_ms\":250,\"bytes_sent\":5242880,\"bytes_received\":1048576,"
                + "\"status_codes\":{\"200\":12400,\"404\":30,\"500\":23}"
        }
        let quiet =
            "{\"route_id\":\"r2\",\"requests\":0,\"errors\":0,\"avg_latency_ms\":0,\"p95_latency_ms\":0,"
            + "\"p99_latency_ms\":0,\"bytes_sent\":0,\"bytes_received\":0,\"status_codes\":{}}"
        func ask(_ fields: String...) -> String {
            let line = (["STATS_GET", client.id] + fields).joined(separator: "|")
            let direct = harness.send(line, on: client.connection)
            guard case .queryStatistics(_, let token)? = harness.pendingEffects.popLast() else { return direct }
            harness.perform(
                harness.registry.statisticsRead(
                    token, routes: [RouteID(number: 1): report], total: report, now: harness.now))
            return harness.take(client.connection).joined()
        }
        #expect(ask("r1") == "STATS_OK|\(object("r1"))}")
        #expect(ask("r2") == "STATS_OK|\(quiet)")
        #expect(ask() == "STATS_OK|[\(object("r1"))},\(quiet)]")
        #expect(ask("ALL") == "STATS_OK|\(object("ALL")),\"routes\":[\(object("r1"))},\(quiet)]}")
        #expect(expand(String(ask("t1", "r2", "compressed").dropFirst("STATS_OK|t1|".count))) == quiet)
        #expect(ask("r9") == "ERROR|route not found")
        client.addRoute("c.example")
        #expect(ask("r3").hasPrefix("ERROR|route r3 is staged"))
    }

    @Test func `circuits are shown and reset`() {
        let harness = Harness()
        let client = harness.register()
        client.applyRoute("a.example")
        client.send("CIRCUIT_BREAKER_STATUS", "r1")
        guard case .queryCircuit(let id, let token)? = harness.pendingEffects.popLast() else {
            Issue.record("no state asked for")
            return
        }
        #expect(id == RouteID(number: 1))
        let report = CircuitReport(
            state: .open, failures: 15, lastFailure: WallTime(seconds: 1_734_693_600),
            nextAttempt: WallTime(seconds: 1_734_693_630))
        harness.perform(harness.registry.circuitRead(token, report, now: harness.now))
        #expect(
            harness.take(client.connection) == [
                "CIRCUIT_STATUS_OK|{\"state\":\"open\",\"failures\":15,\"last_failure\":\"2024-12-20T11:20:00Z\","
                    + "\"next_attempt\":\"2024-12-20T11:20:30Z\"}"
            ])
        client.send("CIRCUIT_BREAKER_STATUS", "r1")
        guard case .queryCircuit(_, let second)? = harness.pendingEffects.popLast() else { return }
        harness.perform(harness.registry.circuitRead(second, nil, now: harness.now))
        #expect(
            harness.take(client.connection) == [
                "CIRCUIT_STATUS_OK|{\"state\":\"closed\",\"failures\":0,\"last_failure\":null,\"next_attempt\":null}"
            ])
        client.send("CIRCUIT_BREAKER_RESET", "r1")
        guard case .resetCircuits(let routes, let third)? = harness.pendingEffects.popLast() else { return }
        #expect(routes == [RouteID(number: 1)])
        harness.perform(harness.registry.circuitsReset(third, now: harness.now))
        #expect(harness.take(client.connection) == ["CIRCUIT_OK"])
        #expect(client.send("CIRCUIT_BREAKER_RESET", "r9") == "ERROR|route not found")
    }
}
