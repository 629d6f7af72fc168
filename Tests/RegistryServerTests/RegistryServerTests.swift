import ProxyModel
import Registry
import RegistryServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct RegistryServerTests {
    @Test func aSessionRegistersRoutesAndAppliesThem() async throws {
        try await withServer { test in
            let client = try await test.client()
            let session = try await client.register()
            #expect(session.hasPrefix("one-0-"))
            #expect(try await client.ask("ROUTE_ADD|\(session)|a.example|/|http://127.0.0.1:9000|0") == "ROUTE_OK|r1")
            #expect(try await client.ask("CONFIG_APPLY|\(session)") == "OK")
            let routes = test.services.deltas.flatMap(\.upserts)
            #expect(routes.map(\.backend.description) == ["http://127.0.0.1:9000"])
            #expect(test.log.lines.contains { $0.hasPrefix("Service registered: demo at one") })
        }
    }

    @Test func applyIsAnsweredOnlyWhenTheWorkersServeIt() async throws {
        try await withServer { test in
            let client = try await test.client()
            let session = try await client.register()
            _ = try await client.ask("ROUTE_ADD|\(session)|a.example|/|http://127.0.0.1:9000|0")
            test.services.hold()
            let before = test.services.deltas.count
            try await client.write("CONFIG_APPLY|\(session)\nPING|\(session)\n")
            await test.services.published(before + 1)
            // Another connection is served meanwhile; it would overtake if anything waited for the apply.
            let other = try await test.client()
            #expect(try await other.ask("PING|\(session)") == "PONG")
            test.services.release()
            #expect(await client.line() == "OK")
            #expect(await client.line() == "PONG")
        }
    }

    @Test func pipelinedCommandsAreAnsweredInOrder() async throws {
        try await withServer { test in
            let client = try await test.client()
            let session = try await client.register()
            let count = 1000
            let commands = (0..<count).map { "PING|\(session)|t\($0)\n" }.joined()
            try await client.write(commands)
            for index in 0..<count { #expect(await client.line() == "PONG|t\(index)") }
        }
    }

    @Test func linesMayComeInAnyPieces() async throws {
        try await withServer { test in
            let client = try await test.client()
            for byte in "REGISTER|demo|one|0|{}\r\n" { try await client.write(String(byte)) }
            #expect(await client.line()?.hasPrefix("ACK|one-0-") == true)
        }
    }

    @Test func aLineOverTheLimitIsRefusedAndTheConnectionGoesOn() async throws {
        try await withServer { test in
            let client = try await test.client()
            let session = try await client.register()
            let long = String(repeating: "x", count: 20_000)
            #expect(try await client.ask(long) == "ERROR|line too long (limit 16384 bytes)")
            #expect(try await client.ask("PING|\(session)") == "PONG")
        }
    }

    @Test func aClientThatClosesItsSideStillGetsItsAnswers() async throws {
        try await withServer { test in
            let client = try await test.client()
            try await client.write("REGISTER|demo|one|0|{}\nREGISTER|demo|two|0|{}\nPING|unfini")
            try await client.closeOutput()
            #expect(await client.line()?.hasPrefix("ACK|one-0-") == true)
            #expect(await client.line()?.hasPrefix("ACK|two-0-") == true)
            #expect(await client.line() == nil)
        }
    }

    @Test func clientShutdownIsAnsweredBeforeTheConnectionEnds() async throws {
        try await withServer { test in
            let client = try await test.client()
            let session = try await client.register()
            // What follows must not turn the end into a reset that loses the answer.
            try await client.write("CLIENT_SHUTDOWN|\(session)\nPING|\(session)\n")
            #expect(await client.line() == "SHUTDOWN_OK")
            #expect(await client.line() == nil)
        }
    }

    @Test func theEndOfAConnectionIsPublished() async throws {
        try await withServer { test in
            let client = try await test.client()
            let session = try await client.register()
            _ = try await client.ask("ROUTE_ADD|\(session)|a.example|/|http://127.0.0.1:9000|0")
            _ = try await client.ask("CONFIG_APPLY|\(session)")
            let before = test.services.deltas.count
            await client.close()
            await test.services.published(before + 1)
            #expect(test.services.deltas.last?.sessions.map(\.connected) == [false])
        }
    }

    @Test func everyConnectionIsToldOfTheShutdown() async throws {
        try await withServer { test in
            let clients = [try await test.client(), try await test.client()]
            for (index, client) in clients.enumerated() { _ = try await client.register("i\(index)") }
            await test.server.announceShutdown()
            for client in clients { #expect(await client.line() == "SHUTDOWN") }
            await test.server.stop()
            for client in clients { #expect(await client.line() == nil) }
        }
    }

    @Test func backendTestReportsWhatTheServiceFound() async throws {
        try await withServer { test in
            let client = try await test.client()
            let session = try await client.register()
            let good = try await client.ask("BACKEND_TEST|\(session)|http://127.0.0.1:1")
            #expect(good?.hasPrefix("BACKEND_OK|{") == true)
            #expect(good?.contains("\"response_time_ms\":3") == true)
            let bad = try await client.ask("BACKEND_TEST|\(session)|http://10.0.0.1:1")
            #expect(bad == #"BACKEND_FAIL|{"reachable":false,"error":"connection refused"}"#)
        }
    }
}
