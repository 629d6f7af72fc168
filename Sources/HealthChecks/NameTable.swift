import ProxyModel

/// The names whose addresses are kept fresh, and when each is due: the resolver without its threads and clock.
///
/// A name is in use while something refers to it; it is looked up at once when it comes into use, then every `interval`,
/// and after a failure sooner: 1 s, doubling up to the interval.
struct NameTable {
    /// What is known of a name.
    struct Answer: Hashable, Sendable {
        /// Where it is; empty where it does not resolve.
        var addresses: [IPAddress]
        /// Why it does not resolve.
        var error: String?
    }

    private struct Entry {
        var uses: Int
        var answer: Answer?
        var failures = 0
        var due: MonotonicTime
        var isLookingUp = false
        var lastEnd: MonotonicTime?
    }

    /// The least time from the end of one look-up of a name to the begin of the next.
    static let pause = Duration.seconds(1)

    /// From one look-up of a name to the next.
    let interval: Duration
    private var entries: [String: Entry] = [:]

    init(interval: Duration) {
        self.interval = interval
    }

    /// How many names are in use.
    var count: Int { entries.count }

    /// What the last look-up of a name in use said.
    func answer(of host: String) -> Answer? { entries[host]?.answer }

    /// Whether anything uses the name.
    func isInUse(_ host: String) -> Bool { entries[host] != nil }

    /// Counts one more use. Returns whether the name is new: then its look-up begins now.
    mutating func retain(_ host: String, now: MonotonicTime) -> Bool {
        if entries[host] != nil {
            entries[host]?.uses += 1
            return false
        }
        entries[host] = Entry(uses: 1, due: now + interval, isLookingUp: true)
        return true
    }

    /// Counts one use less, and forgets a name that has none left.
    mutating func release(_ host: String) {
        guard var entry = entries[host] else { return }
        entry.uses -= 1
        entries[host] = entry.uses > 0 ? entry : nil
    }

    /// Something failed at the addresses of a name. Returns whether its look-up begins now: not while one is under way,
    /// and not within ``pause`` of the last, so that a flood of failures does not become one of look-ups.
    mutating func want(_ host: String, now: MonotonicTime) -> Bool {
        guard let entry = entries[host], !entry.isLookingUp else { return false }
        if let end = entry.lastEnd, now - end < Self.pause {
            entries[host]?.due = min(entry.due, end + Self.pause)
            return false
        }
        entries[host]?.isLookingUp = true
        return true
    }

    /// The names whose time has come; each is looked up now. O(names).
    mutating func takeDue(now: MonotonicTime) -> [String] {
        var due: [String] = []
        for (host, entry) in entries where !entry.isLookingUp && entry.due <= now { due.append(host) }
        for host in due { entries[host]?.isLookingUp = true }
        return due
    }

    /// What a look-up led to.
    struct Outcome: Hashable {
        /// The answer, where it is another than before: to be published.
        var changed: Answer?
        /// Whether the name ceased to resolve, or never did: worth a warning, once.
        var beganToFail = false
        /// Whether the name resolves again.
        var healed = false
    }

    /// A look-up ended; the next may begin after ``settled(_:)``. `nil` where nothing uses the name any more.
    mutating func finished(
        _ host: String, _ result: Result<[IPAddress], LookupError>, now: MonotonicTime
    ) -> Outcome? {
        guard var entry = entries[host] else { return nil }
        var outcome = Outcome()
        entry.lastEnd = now
        switch result {
        case .success(let addresses):
            outcome.healed = entry.failures > 0
            entry.failures = 0
            entry.due = now + interval
            outcome.changed = Answer(addresses: addresses, error: nil)
        case .failure(let error):
            outcome.beganToFail = entry.failures == 0
            entry.due = now + min(interval, .seconds(1 << min(entry.failures, 16)))
            entry.failures += 1
            // While a name server is away, the last known addresses stay in use.
            let kept = error.isFinal ? [] : entry.answer?.addresses ?? []
            outcome.changed = Answer(addresses: kept, error: error.description)
        }
        if outcome.changed == entry.answer { outcome.changed = nil } else { entry.answer = outcome.changed }
        entries[host] = entry
        return outcome
    }

    /// The outcome of a look-up is published.
    mutating func settled(_ host: String) {
        entries[host]?.isLookingUp = false
    }
}
