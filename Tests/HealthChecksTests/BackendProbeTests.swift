import NIOCore
import NIOPosix
import ProxyModel
import Testing

@testable import HealthChecks

/// A backend that reads a request's first bytes and answers with fixed ones, or never where there are none.
private struct RawBackend {
    let channel: any Channel
    var port: Int { channel.localAddress?.port ?? 0 }

    init(_ response: String?) async throws {
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Responder(response: response))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private final class Responder: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        let response: String?

        init(response: String?) { self.response = response }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard let response else { return }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: response)), promise: nil)
            context.close(promise: nil)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct BackendProbeTests {
    /// Runs `body` with a probe and ends the probe after it.
    private func withProbe(
        deny: [CIDR] = [], _ body: (BackendProbe) async throws -> Void
    ) async throws {
        let probe = BackendProbe(group: MultiThreadedEventLoopGroup.singleton, policy: .init(deny: deny)) {
            host throws(LookupError) in
            guard host == "backend.test" else { throw LookupError("no such name") }
            return [.loopbackV4]
        }
        do {
            try await body(probe)
        } catch {
            await probe.shutdown()
            throw error
        }
        await probe.shutdown()
    }

    private func failure(_ result: ProbeResult) -> ProbeFailure.Reason? {
        guard case .failed(let failure) = result else { return nil }
        return failure.reason
    }

    private func status(_ result: ProbeResult) -> Int? {
        guard case .answered(let answer) = result else { return nil }
        return answer.status
    }

    @Test func theStatusIsReportedAndRedirectsAreNotFollowed() async throws {
        let backend = try await RawBackend(
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        try await withProbe { probe in
            for host in ["127.0.0.1", "backend.test"] {
                let url = try BackendURL(parsing: "http://\(host):\(backend.port)")
                let result = await probe.probe(url, path: "/", limit: .seconds(20), verifiesCertificate: true)
                #expect(status(result) == 302)
            }
        }
        try await backend.channel.close()
    }

    @Test func aRefusedConnectionSaysSo() async throws {
        let backend = try await RawBackend(nil)
        let url = try BackendURL(parsing: "http://127.0.0.1:\(backend.port)")
        let h2c = try BackendURL(parsing: "h2c://127.0.0.1:\(backend.port)")
        try await backend.channel.close()
        try await withProbe { probe in
            let tester = BackendTester(probe: probe)
            #expect(await tester.test(url, path: nil) == .unreachable(error: "connection refused"))
            #expect(await tester.failureToAnswer(h2c, within: .milliseconds(1)) == "connection refused")
        }
    }

    @Test func aBackendThatNeverAnswersIsAResponseTimeout() async throws {
        let backend = try await RawBackend(nil)
        let url = try BackendURL(parsing: "http://127.0.0.1:\(backend.port)")
        try await withProbe { probe in
            let result = await probe.probe(url, path: "/", limit: .milliseconds(500), verifiesCertificate: true)
            #expect(failure(result) == .responseTimeout)
        }
        try await backend.channel.close()
    }

    @Test func aBackendThatClosesOrTalksNonsenseIsNamedAsSuch() async throws {
        try await withProbe { probe in
            for (response, reason) in [
                ("", ProbeFailure.Reason.connectionReset), ("SSH-2.0-x\r\n\r\n", .invalidResponse),
            ] {
                let backend = try await RawBackend(response)
                let url = try BackendURL(parsing: "http://127.0.0.1:\(backend.port)")
                let result = await probe.probe(url, path: "/", limit: .seconds(20), verifiesCertificate: true)
                #expect(failure(result) == reason)
                try await backend.channel.close()
            }
        }
    }

    @Test func aBackendThatSpeaksNoTLSFailsTheHandshake() async throws {
        let backend = try await RawBackend("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        let url = try BackendURL(parsing: "https://127.0.0.1:\(backend.port)")
        try await withProbe { probe in
            let result = await probe.probe(url, path: "/", limit: .seconds(20), verifiesCertificate: false)
            #expect(failure(result) == .tlsFailed)
        }
        try await backend.channel.close()
    }

    @Test func namesAndDeniedAddressesFailWithoutAConnection() async throws {
        try await withProbe(deny: [try CIDR(parsing: "127.0.0.0/8")]) { probe in
            let unknown = try BackendURL(parsing: "http://unknown.test")
            let denied = try BackendURL(parsing: "http://127.0.0.1:1")
            #expect(
                failure(await probe.probe(unknown, path: "/", limit: .seconds(5), verifiesCertificate: true))
                    == .nameNotResolved)
            #expect(
                failure(await probe.probe(denied, path: "/", limit: .seconds(5), verifiesCertificate: true))
                    == .addressNotAllowed)
        }
    }
}
