import ProxyModel

/// What a deadline of the registry is for. Each key has one deadline at most.
enum TimerKey: Hashable, Sendable {
    /// A connection without session has said nothing for too long.
    case idle(ConnectionID)
    /// The session of an absent owner can no longer be resumed.
    case expiry(SessionKey)
    /// The routes of an absent owner stop serving.
    case grace(SessionKey)
    /// What the session staged is forgotten.
    case staged(SessionKey)
    /// The session's drain reaches 0 %.
    case drained(SessionKey)
    /// Time to ask again what a drained session still has in flight.
    case receipt(SessionKey)
}
