import ProxyModel

/// The two questions that a service can have asked of a backend before traffic goes there.
public struct BackendTester: Sendable {
    /// What BACKEND_TEST found.
    public enum Outcome: Hashable, Sendable {
        /// The backend answered. The status is 0 where the connection alone was tried; no TLS, no validity.
        case reachable(responseTime: Duration, status: Int, isCertificateValid: Bool?)
        /// It did not, for this reason in words.
        case unreachable(error: String)
    }

    /// How long BACKEND_TEST may take.
    public static let limit = Duration.seconds(5)

    private let probe: BackendProbe

    /// A tester that asks by `probe`.
    public init(probe: BackendProbe) {
        self.probe = probe
    }

    /// BACKEND_TEST: one request for `path`, or for the root, without following redirects.
    public func test(_ backend: BackendURL, path: String?) async -> Outcome {
        switch await probe.probe(backend, path: path ?? "/", limit: Self.limit, verifiesCertificate: false) {
        case .answered(let answer):
            return .reachable(
                responseTime: answer.duration, status: answer.status, isCertificateValid: answer.isCertificateValid)
        case .failed(let failure):
            return .unreachable(error: failure.message)
        }
    }

    /// Whether the backend answers a request at all within `limit`, whatever the status: a maintenance page may well be a 503.
    ///
    /// - Returns: `nil` where it does; else why not.
    public func failureToAnswer(_ backend: BackendURL, limit: Duration) async -> String? {
        switch await probe.probe(backend, path: "/", limit: limit, verifiesCertificate: false) {
        case .answered: nil
        case .failed(let failure): failure.message
        }
    }
}
