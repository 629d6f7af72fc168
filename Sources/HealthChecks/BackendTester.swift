import ProxyModel

/// Carries out BACKEND_TEST: one request, 5 s at most, no redirects.
public struct BackendTester: Sendable {
    /// What a test found.
    public enum Outcome: Hashable, Sendable {
        /// The backend answered.
        case reachable(responseTime: Duration, status: Int?, isCertificateValid: Bool?)
        /// It did not, for this reason in words.
        case unreachable(error: String)
    }

    /// How long a test may take.
    public static let limit = Duration.seconds(5)

    private let probe: BackendProbe

    /// A tester that asks by `probe`.
    public init(probe: BackendProbe) {
        self.probe = probe
    }

    /// Asks the backend for `path`, or for its root.
    public func test(_ backend: BackendURL, path: String?) async -> Outcome {
        let result = await probe.probe(backend, path: path ?? "/", limit: Self.limit, verifiesCertificate: false)
        switch result {
        case .answered(let answer):
            return .reachable(
                responseTime: answer.duration, status: answer.status > 0 ? answer.status : nil,
                isCertificateValid: answer.isCertificateValid)
        case .failed(let failure):
            return .unreachable(error: failure.message)
        }
    }
}
