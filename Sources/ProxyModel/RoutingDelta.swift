/// A session's traffic falling linearly from 100 % to nothing.
public struct DrainRamp: Hashable, Sendable {
    /// When the drain began.
    public var startedAt: MonotonicTime
    /// How long it takes to reach nothing.
    public var duration: Duration

    /// A ramp from `startedAt` over `duration`.
    public init(startedAt: MonotonicTime, duration: Duration) {
        self.startedAt = startedAt
        self.duration = duration
    }

    /// The share of traffic that is left, in percent rounded down: 100 at the start, 0 from the end on.
    public func trafficPercent(at now: MonotonicTime) -> Int {
        let whole = duration.clampedNanoseconds
        let elapsed = (now - startedAt).clampedNanoseconds
        guard elapsed > 0 else { return whole > 0 ? 100 : 0 }
        guard elapsed < whole else { return 0 }
        return Int(whole.dividingFullWidth((whole - elapsed).multipliedFullWidth(by: 100)).quotient)
    }
}

/// What of a session's state steers traffic.
public struct SessionState: Hashable, Sendable {
    /// The session.
    public var key: SessionKey
    /// Whether its owner is connected: traffic prefers such sessions.
    public var connected: Bool
    /// Its drain, if one is on or complete.
    public var drain: DrainRamp?

    /// The state of these parts.
    public init(key: SessionKey, connected: Bool, drain: DrainRamp? = nil) {
        self.key = key
        self.connected = connected
        self.drain = drain
    }
}

/// One change of the routing: what workers apply in one step, between two requests.
public struct RoutingDelta: Hashable, Sendable {
    /// Routes that are new or have changed.
    public var upserts: [RouteDefinition]
    /// Routes that are gone.
    public var removals: [RouteID]
    /// Sessions that are new or whose state has changed.
    public var sessions: [SessionState]
    /// Sessions that are gone; their routes are among ``removals``.
    public var endedSessions: [SessionKey]

    /// A delta of these parts.
    public init(
        upserts: [RouteDefinition] = [], removals: [RouteID] = [], sessions: [SessionState] = [],
        endedSessions: [SessionKey] = []
    ) {
        self.upserts = upserts
        self.removals = removals
        self.sessions = sessions
        self.endedSessions = endedSessions
    }

    /// Whether there is nothing to apply.
    public var isEmpty: Bool {
        upserts.isEmpty && removals.isEmpty && sessions.isEmpty && endedSessions.isEmpty
    }
}
