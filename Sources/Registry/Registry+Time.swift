import ProxyModel

extension Registry {
    /// Time has passed: carries out what is due. All routes that go leave in one publication.
    public mutating func tick(now: Moment) -> [RegistryAction] {
        var delta = RoutingDelta()
        while let timer = timers.popDue(now.monotonic) {
            switch timer {
            case .idle(let connection): idleTimeElapsed(of: connection, now: now)
            case .expiry(let key): expiryElapsed(of: key, now: now, into: &delta)
            case .grace(let key): graceElapsed(of: key, now: now, into: &delta)
            case .staged(let key): stagedExpiryElapsed(of: key)
            case .drained(let key): drainCompleted(of: key)
            case .receipt(let key): askForReceipt(of: key)
            }
        }
        publishUnlessEmpty(delta)
        return takeActions()
    }
}
