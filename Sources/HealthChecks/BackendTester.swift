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

    /// From one question to the next where an answer is waited for.
    private static let interval = Duration.milliseconds(500)

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

    /// Asks the backend twice a second, for at most `limit`, until it answers a request at all, whatever the status: a
    /// maintenance page may well be a 503.
    ///
    /// - Returns: `nil` as soon as it answers; else why it did not when it was last asked.
    public func failureToAnswer(_ backend: BackendURL, within limit: Duration) async -> String? {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while true {
            let start = clock.now
            let patience = max(Self.interval, min(Self.limit, end - start))
            let result = await probe.probe(backend, path: "/", limit: patience, verifiesCertificate: false)
            guard case .failed(let failure) = result else { return nil }
            let next = max(clock.now, start + Self.interval)
            // Sleeping fails only where the task is cancelled: then nobody waits for the answer.
            guard next < end, (try? await clock.sleep(until: next)) != nil else { return failure.message }
        }
    }
}
