import ProxyModel

/// What is probed: a backend under one setting, however many routes share it.
public struct HealthCheck: Hashable, Sendable {
    /// Who is asked.
    public var backend: BackendURL
    /// What for, how often and how patiently.
    public var settings: HealthCheckSettings

    /// A check of this backend under these settings.
    public init(backend: BackendURL, settings: HealthCheckSettings) {
        self.backend = backend
        self.settings = settings
    }
}

/// When which backend is probed, and what the results make of it: the health checks without sockets and clock.
///
/// Two failures in a row make a backend unhealthy, one success makes it healthy again. Until a backend was probed it
/// counts as healthy. Probes are spread over their interval by random jitter; where many checks begin at once, their
/// first probes are spread so that no more than about 200 begin in a second.
struct HealthSchedule {
    /// What a probe says of a backend.
    struct Finding: Hashable, Sendable {
        var isHealthy: Bool
        /// As events name it: `connection_refused`, `status_503`.
        var reason: String
        /// Whether it was otherwise before.
        var hasChanged = false
    }

    private struct Entry {
        var uses: Int
        var due: MonotonicTime
        var failures = 0
        var isHealthy = true
        var isProbed = false
        var isProbing = false
        var isWantedAgain = false
    }

    private static let firstProbesPerSecond = 200
    /// From a first failure to the probe that confirms it.
    private static let confirmation = Duration.seconds(1)
    /// Between the probes of an unhealthy backend.
    private static let quickInterval = Duration.seconds(5)

    private var entries: [HealthCheck: Entry] = [:]
    private var queue = DueQueue<HealthCheck>()
    private var neverProbed = 0

    /// How many checks there are.
    var count: Int { entries.count }

    /// When the next probe is due, or something less is.
    var nextDue: MonotonicTime? { queue.first }

    /// What is known of the health of a check.
    func isHealthy(_ check: HealthCheck) -> Bool { entries[check]?.isHealthy ?? true }

    /// Counts one more use of a check; a new one gets its first probe soon.
    mutating func retain(_ check: HealthCheck, now: MonotonicTime, random: UInt64) {
        guard entries[check] == nil else {
            entries[check]?.uses += 1
            return
        }
        neverProbed += 1
        let turn = Duration.milliseconds(1000 * neverProbed / Self.firstProbesPerSecond)
        let delay =
            turn < check.settings.interval
            ? turn + Duration.milliseconds(500).fraction(random) : check.settings.interval.fraction(random)
        entries[check] = Entry(uses: 1, due: now)
        schedule(check, at: now + delay)
    }

    /// Counts one use less; a check without any is forgotten.
    mutating func release(_ check: HealthCheck) {
        guard var entry = entries[check] else { return }
        entry.uses -= 1
        guard entry.uses == 0 else {
            entries[check] = entry
            return
        }
        if !entry.isProbed { neverProbed -= 1 }
        entries[check] = nil
    }

    /// Something is wrong with the backend: it is probed now.
    mutating func hurry(_ check: HealthCheck, now: MonotonicTime) {
        guard let entry = entries[check] else { return }
        guard !entry.isProbing else {
            entries[check]?.isWantedAgain = true
            return
        }
        if entry.due > now { schedule(check, at: now) }
    }

    /// Takes up to `limit` checks whose time has come; each must be given back to ``finished(_:_:now:random:)``.
    mutating func takeDue(now: MonotonicTime, limit: Int) -> [HealthCheck] {
        var due: [HealthCheck] = []
        while due.count < limit, let next = queue.popDue(by: now) {
            guard let entry = entries[next.element], entry.due == next.due, !entry.isProbing else { continue }
            entries[next.element]?.isProbing = true
            due.append(next.element)
        }
        return due
    }

    /// A probe ended. Returns what to report: a change of health, or that the backend is still unhealthy.
    mutating func finished(
        _ check: HealthCheck, _ result: ProbeResult, now: MonotonicTime, random: UInt64
    ) -> Finding? {
        guard var entry = entries[check], entry.isProbing else { return nil }
        let verdict = Self.verdict(of: result, settings: check.settings)
        if !entry.isProbed { neverProbed -= 1 }
        let isWantedAgain = entry.isWantedAgain
        entry.isProbed = true
        entry.isProbing = false
        entry.isWantedAgain = false
        entry.failures = verdict.isHealthy ? 0 : entry.failures + 1
        let isHealthy = verdict.isHealthy || (entry.isHealthy && entry.failures < 2)
        let changed = isHealthy != entry.isHealthy
        entry.isHealthy = isHealthy
        entries[check] = entry
        let quick: Duration? = verdict.isHealthy ? nil : isHealthy ? Self.confirmation : Self.quickInterval
        let interval = quick.map { min($0, check.settings.interval) } ?? check.settings.interval
        schedule(check, at: isWantedAgain ? now : now + interval.jittered(random))
        guard changed || !isHealthy else { return nil }
        return Finding(isHealthy: isHealthy, reason: verdict.reason, hasChanged: changed)
    }

    /// Whether a result counts as healthy, and what events say of it.
    static func verdict(of result: ProbeResult, settings: HealthCheckSettings) -> Finding {
        switch result {
        case .failed(let failure):
            return Finding(isHealthy: false, reason: failure.reason.rawValue)
        case .answered(let answer) where answer.status == 0:
            return Finding(isHealthy: true, reason: "connected")
        case .answered(let answer):
            let isHealthy = settings.path == nil ? answer.status < 500 : (200..<400).contains(answer.status)
            return Finding(isHealthy: isHealthy, reason: "status_\(answer.status)")
        }
    }

    private mutating func schedule(_ check: HealthCheck, at due: MonotonicTime) {
        entries[check]?.due = due
        queue.insert(check, due: due)
        if queue.count > 64 + 4 * entries.count { rebuild() }
    }

    /// Drops what was inserted for times that no longer hold, so that the queue is never much larger than the table.
    private mutating func rebuild() {
        queue = DueQueue()
        for (check, entry) in entries where !entry.isProbing { queue.insert(check, due: entry.due) }
    }
}

extension Duration {
    /// A random part of this duration: 0 up to all of it.
    fileprivate func fraction(_ random: UInt64) -> Duration {
        .nanoseconds(Int64(clampingNanoseconds.multipliedFullWidth(by: random).high))
    }

    /// This duration, shortened by up to a tenth: probes that began together drift apart.
    fileprivate func jittered(_ random: UInt64) -> Duration {
        self - (self / 10).fraction(random)
    }

    private var clampingNanoseconds: UInt64 { UInt64(max(0, clampedNanoseconds)) }
}
