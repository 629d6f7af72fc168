import ProxyModel

/// The sessions lost within the last seconds that are still away: tells a mass loss from single ones.
///
/// Every operation is O(1) amortised.
struct LossWindow: Sendable {
    private struct Loss {
        var key: SessionKey
        var time: MonotonicTime
    }

    private var losses: [Loss] = []
    private var head = 0
    private var current: [SessionKey: MonotonicTime] = [:]
    /// Whether a mass loss is on: losses that follow belong to it until the window is empty.
    private(set) var isMassLoss = false

    /// No losses.
    init() {}

    /// The number of sessions that were lost within the window and are still away.
    var count: Int { current.count }

    /// Forgets what is older than `window`.
    mutating func prune(now: MonotonicTime, window: Duration) {
        while head < losses.count, losses[head].time + window < now {
            let loss = losses[head]
            if current[loss.key] == loss.time { current[loss.key] = nil }
            head += 1
        }
        if head > 32, head > losses.count / 2 {
            losses.removeFirst(head)
            head = 0
        }
        if current.isEmpty { isMassLoss = false }
    }

    /// Notes that a session was lost.
    mutating func insert(_ key: SessionKey, now: MonotonicTime) {
        losses.append(Loss(key: key, time: now))
        current[key] = now
    }

    /// Notes that a session is back or gone for good.
    mutating func remove(_ key: SessionKey) {
        current[key] = nil
        if current.isEmpty { isMassLoss = false }
    }

    /// Declares a mass loss and returns the sessions that it is made of, in order.
    mutating func declareMassLoss() -> [SessionKey] {
        isMassLoss = true
        return current.keys.sorted()
    }
}
