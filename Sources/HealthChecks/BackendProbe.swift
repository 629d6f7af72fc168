import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ProxyModel

/// Asks a backend one question: `GET path`, without following redirects, and says what came back.
///
/// The addresses come from the proxy's own resolution, so that no address is connected to that backends may not have.
/// Backends that speak HTTP/2 without TLS (`h2c`, `grpc`) are asked for a connection only.
public final class BackendProbe: Sendable {
    /// Where a name is; fails where it does not resolve to a permitted address.
    public typealias Addresses = @Sendable (String) async throws(LookupError) -> [IPAddress]

    let group: any EventLoopGroup
    private let addresses: Addresses
    private let policy: AddressPolicy
    private let verifying: HTTPClient
    private let trusting: HTTPClient
    private let witness = ConnectionWitness()

    /// A probe whose connections live on `group`.
    public init(group: any EventLoopGroup, policy: AddressPolicy, addresses: @escaping Addresses) {
        self.group = group
        self.policy = policy
        self.addresses = addresses
        verifying = Self.client(on: group, verification: .fullVerification, witness: witness)
        trusting = Self.client(on: group, verification: .none, witness: witness)
    }

    /// Ends what is under way.
    public func shutdown() async {
        // Both throw only where they were shut down before.
        try? await verifying.shutdown()
        try? await trusting.shutdown()
    }

    /// Asks for `path` (the backend's own prefix stands before it) within `limit`.
    ///
    /// - Parameter verifiesCertificate: whether an invalid certificate is a failure; else it is told in the answer.
    public func probe(
        _ backend: BackendURL, path: String, limit: Duration, verifiesCertificate: Bool
    ) async -> ProbeResult {
        let start = ContinuousClock.now
        let end = start + limit
        do throws(ProbeFailure) {
            let addresses = try await permittedAddresses(of: backend)
            switch backend.scheme {
            case .h2c, .grpc:
                try await connect(to: addresses, port: backend.port, until: end)
                return .answered(.init(status: 0, duration: .now - start, isCertificateValid: nil))
            case .http, .ws:
                let status = try await get(backend, at: addresses, path: path, with: verifying, until: end)
                return .answered(.init(status: status, duration: .now - start, isCertificateValid: nil))
            case .https, .wss, .grpcs:
                return try await probeTLS(
                    backend, path: path, start: start, end: end, verifiesCertificate: verifiesCertificate)
            }
        } catch {
            return .failed(error)
        }
    }

    private func probeTLS(
        _ backend: BackendURL, path: String, start: ContinuousClock.Instant, end: ContinuousClock.Instant,
        verifiesCertificate: Bool
    ) async throws(ProbeFailure) -> ProbeResult {
        var isValid = true
        var status: Int
        do throws(ProbeFailure) {
            status = try await get(backend, at: nil, path: path, with: verifying, until: end)
        } catch {
            guard error.reason == .tlsFailed, !verifiesCertificate else { throw error }
            isValid = false
            status = try await get(backend, at: nil, path: path, with: trusting, until: end)
        }
        return .answered(.init(status: status, duration: .now - start, isCertificateValid: isValid))
    }

    private func permittedAddresses(of backend: BackendURL) async throws(ProbeFailure) -> [IPAddress] {
        do throws(LookupError) {
            if let address = backend.address { return try policy.filter([address]) }
            return try await addresses(backend.host)
        } catch {
            throw ProbeFailure(
                reason: error.isNotAllowed ? .addressNotAllowed : .nameNotResolved, message: error.description)
        }
    }

    /// Tries the addresses in turn, at most three: the first that answers speaks for the backend.
    ///
    /// With TLS (`addresses` is `nil`) the client resolves the name itself, so that the certificate is checked for it.
    private func get(
        _ backend: BackendURL, at addresses: [IPAddress]?, path: String, with client: HTTPClient,
        until end: ContinuousClock.Instant
    ) async throws(ProbeFailure) -> Int {
        guard let addresses else {
            return try await get("https://\(backend.authority)", backend, path: path, with: client, until: end)
        }
        var failure = ProbeFailure(reason: .nameNotResolved, message: "the name has no address")
        for address in addresses.prefix(3) {
            let place = "\(SocketAddress(ip: address, port: backend.port))"
            let mark = witness.begin(place)
            defer { witness.end(place) }
            do throws(ProbeFailure) {
                return try await get("http://\(place)", backend, path: path, with: client, until: end)
            } catch {
                failure = error
                if error.reason == .responseTimeout, !witness.sawConnection(to: place, since: mark) {
                    throw ProbeFailure(reason: .connectionTimeout, message: "connection timed out")
                }
                guard error.reason == .connectionRefused || error.reason == .connectionFailed else { throw error }
            }
        }
        throw failure
    }

    private func get(
        _ origin: String, _ backend: BackendURL, path: String, with client: HTTPClient,
        until end: ContinuousClock.Instant
    ) async throws(ProbeFailure) -> Int {
        var request = HTTPClientRequest(url: origin + backend.pathPrefix + path)
        request.headers = [
            "host": backend.authority, "user-agent": "apus-health-check", "accept": "*/*", "connection": "close",
        ]
        do {
            let left = end - .now
            let response = try await client.execute(request, deadline: .now() + .nanoseconds(left.clampedNanoseconds))
            return Int(response.status.code)
        } catch {
            throw ProbeFailure(error)
        }
    }

    private func connect(
        to addresses: [IPAddress], port: UInt16, until end: ContinuousClock.Instant
    ) async throws(ProbeFailure) {
        var failure = ProbeFailure(reason: .nameNotResolved, message: "the name has no address")
        for address in addresses.prefix(3) {
            do {
                let left = end - .now
                let channel = try await ClientBootstrap(group: group)
                    .connectTimeout(.nanoseconds(left.clampedNanoseconds))
                    .connect(host: "\(address)", port: Int(port)).get()
                try? await channel.close()  // Fails only where the peer closed first.
                return
            } catch {
                failure = ProbeFailure(error)
            }
        }
        throw failure
    }

    private static func client(
        on group: any EventLoopGroup, verification: CertificateVerification, witness: ConnectionWitness
    ) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            certificateVerification: verification, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = { channel in
            witness.connected(channel)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        configuration.connectionPool.idleTimeout = .seconds(1)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 8
        return HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }
}
