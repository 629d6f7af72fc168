import ProxyModel

/// Waits until a backend answers a request: what MAINT_OK promises.
public struct MaintenanceProber: Sendable {
    private let probe: BackendProbe

    /// A prober that asks by `probe`.
    public init(probe: BackendProbe) {
        self.probe = probe
    }

    /// Asks twice a second for at most `limit`. Any response counts: a maintenance page may well be a 503.
    ///
    /// - Returns: `nil` as soon as the backend answers; else why it did not when it was last asked.
    public func waitUntilAnswering(_ backend: BackendURL, limit: Duration) async -> ProbeFailure? {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while true {
            let start = clock.now
            let left = max(.milliseconds(100), min(.seconds(5), end - start))
            let result = await probe.probe(backend, path: "/", limit: left, verifiesCertificate: false)
            guard case .failed(let failure) = result else { return nil }
            let next = max(clock.now, start + .milliseconds(500))
            guard next < end, (try? await clock.sleep(until: next)) != nil else { return failure }
        }
    }
}
