import ProxyModel
import Registry
import RegistryServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct AdmissionTests {
    @Test func othersThanTheAllowedAreClosedAtOnce() async throws {
        try await withServer({ $0.allow = [try CIDR(parsing: "192.0.2.0/24")] }) { test in
            let client = try await test.client()
            #expect(await client.line() == nil)
            #expect(test.log.lines.contains { $0.contains("127.0.0.1 is not allowed") })
        }
    }

    @Test func overTheLimitGetsOneClearLine() async throws {
        try await withServer({ $0.connections = 1 }) { test in
            let first = try await test.client()
            let session = try await first.register()
            let second = try await test.client()
            #expect(await second.line() == "ERROR|too many connections (limit 1)")
            #expect(await second.line() == nil)
            #expect(try await first.ask("PING|\(session)") == "PONG")
        }
    }

    @Test func overTheLimitOfAnAddressGetsOneClearLine() async throws {
        try await withServer({ $0.connectionsPerAddress = 1 }) { test in
            let first = try await test.client()
            _ = try await first.register()
            let second = try await test.client()
            #expect(await second.line() == "ERROR|too many connections from 127.0.0.1 (limit 1)")
        }
    }

    @Test func aPlaceIsFreeAgainOnceAConnectionEnds() async throws {
        try await withServer({ $0.connections = 1 }) { test in
            let first = try await test.client()
            let session = try await first.register()
            _ = try await first.ask("CLIENT_SHUTDOWN|\(session)")
            #expect(await first.line() == nil)
            await first.close()
            // The server learns of the end by the socket: until then it refuses.
            while true {
                let second = try await test.client()
                if try await second.ask("REGISTER|demo|two|0|{}")?.hasPrefix("ACK|") == true { break }
            }
        }
    }

    @Test func silenceInsideALineEndsTheConnection() async throws {
        try await withServer({ $0.readTimeout = .milliseconds(100) }) { test in
            let client = try await test.client()
            let session = try await client.register()
            try await client.write("PING|\(session.prefix(4))")
            #expect(await client.line() == nil)
            #expect(test.log.lines.contains { $0.contains("silent inside a line") })
        }
    }

    @Test func aConnectionWithoutASessionEndsAfterTheIdleTime() async throws {
        var registry = RegistryConfiguration()
        registry.idleTimeout = .milliseconds(100)
        try await withServer(registry: registry) { test in
            let client = try await test.client()
            #expect(await client.line() == nil)
        }
    }

    @Test func aReaderThatDoesNotReadIsCutOffAndHarmsNobody() async throws {
        try await withServer({ $0.readTimeout = .milliseconds(200) }) { test in
            let flood = try await test.client(reads: false)
            let other = try await test.client()
            let session = try await other.register()
            let commands = String(repeating: "UNKNOWN_COMMAND_\(String(repeating: "x", count: 60))\n", count: 10_000)
            let writing = Task {
                do { while true { try await flood.write(commands) } } catch {}
            }
            for _ in 0..<100 { #expect(try await other.ask("PING|\(session)") == "PONG") }
            await writing.value
            #expect(test.log.lines.contains { $0.contains("does not read") }, "\(test.log.lines)")
        }
    }

    @Test func aPortInUseIsSaidInOneLine() async throws {
        try await withServer { test in
            await #expect {
                try await withServer({ $0.listen = [test.address] }) { _ in }
            } throws: { error in
                "\(error)" == "cannot listen on \(test.address): the port is in use by another process"
            }
        }
    }
}
