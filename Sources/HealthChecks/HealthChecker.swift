import Logging
import ProxyModel

/// Probes the backends of all routes and reports each change of their health.
///
/// Checks come into use with ``retain(_:)`` and leave with ``release(_:)``; one probe serves all routes that share a
/// backend and its settings. At most ``concurrency`` probes are under way at a time.
public actor HealthChecker {
    /// Takes what a probe found: each change of health, and while a backend is unhealthy each further finding.
    ///
    /// The repetition lets a receiver that learns of a backend later than this checker know of its state soon.
    public typealias Report =
        @Sendable (_ check: HealthCheck, _ isHealthy: Bool, _ reason: String, _ hasChanged: Bool) async -> Void
    /// Asks a backend once.
    public typealias Ask = @Sendable (HealthCheck) async -> ProbeResult

    /// How many probes are under way at most.
    public static let concurrency = 64

    private var schedule = HealthSchedule()
    private var probing = 0
    private var timer: Task<Void, Never>?
    private var timerDue: MonotonicTime?
    private var isStopped = false
    private var random = SystemRandomNumberGenerator()
    private let ask: Ask
    private let report: Report
    private let logger: Logger

    /// A checker that asks by `ask`.
    public init(logger: Logger, ask: @escaping Ask, report: @escaping Report) {
        self.ask = ask
        self.report = report
        self.logger = logger
    }

    /// A checker that asks by `probe`.
    public init(probe: BackendProbe, logger: Logger, report: @escaping Report) {
        self.init(
            logger: logger,
            ask: { check in
                await probe.probe(
                    check.backend, path: check.settings.path ?? "/", limit: check.settings.timeout,
                    verifiesCertificate: false)
            }, report: report)
    }

    /// Counts one more use of each check.
    public func retain(_ checks: [HealthCheck]) {
        let now = MonotonicTime.now
        for check in checks { schedule.retain(check, now: now, random: random.next()) }
        startDue()
    }

    /// Counts one use less of each check.
    public func release(_ checks: [HealthCheck]) {
        for check in checks { schedule.release(check) }
    }

    /// Probes these now: their session is gone, or traffic to them failed.
    public func hurry(_ checks: [HealthCheck]) {
        let now = MonotonicTime.now
        for check in checks { schedule.hurry(check, now: now) }
        startDue()
    }

    /// Begins no further probes.
    public func stop() {
        isStopped = true
        timer?.cancel()
        timer = nil
    }

    private func startDue() {
        guard !isStopped else { return }
        for check in schedule.takeDue(now: .now, limit: Self.concurrency - probing) {
            probing += 1
            Task { await self.finished(check, ask(check)) }
        }
        armTimer()
    }

    private func finished(_ check: HealthCheck, _ result: ProbeResult) async {
        probing -= 1
        let finding = schedule.finished(check, result, now: .now, random: random.next())
        startDue()
        guard let finding else { return }
        if finding.hasChanged {
            let words = finding.isHealthy ? "is healthy again" : "is unhealthy"
            let level: Logger.Level = finding.isHealthy ? .notice : .warning
            logger.log(level: level, "Backend \(check.backend) \(words): \(finding.reason)")
        }
        await report(check, finding.isHealthy, finding.reason, finding.hasChanged)
    }

    /// One timer for the first due time; while all probes are under way, the next to end looks again.
    private func armTimer() {
        guard probing < Self.concurrency, let due = schedule.nextDue else { return }
        if let armed = timerDue, armed <= due { return }
        timer?.cancel()
        timerDue = due
        timer = Task {
            do { try await Task.sleep(for: max(.zero, due - .now)) } catch { return }
            self.timerFired()
        }
    }

    private func timerFired() {
        timerDue = nil
        startDue()
    }
}
