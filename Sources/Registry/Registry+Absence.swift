import ProxyModel

extension Registry {
    /// The connection that owned these sessions ended: they can be resumed for a while, and their routes go on serving.
    mutating func loseOwner(of keys: [SessionKey], now: Moment) {
        guard !keys.isEmpty else { return }
        losses.prune(now: now.monotonic, window: configuration.massLoss.window)
        for key in keys {
            guard let session = sessions[key] else { continue }
            connectedCount -= 1
            sessions[key]?.presence = .away(
                Session.Absence(since: now.monotonic, isExcused: losses.isMassLoss && !isStopping))
            if !isStopping { losses.insert(key, now: now.monotonic) }
            timers.set(.expiry(key), at: now.monotonic + configuration.sessionExpiry)
            startGrace(of: key)
            log(.info, "Connection lost: \(session.service) at \(session.instance) (session: \(session.logID))")
        }
        publishStates(of: keys + excuseMassLoss())
    }

    /// Takes many losses within a short time for a fault of the network or of the proxy, not of the services: doubles the
    /// grace of all sessions concerned and leaves it to health checks who gets traffic. Returns those sessions.
    private mutating func excuseMassLoss() -> [SessionKey] {
        guard !losses.isMassLoss, losses.count >= configuration.massLoss.minimum,
            losses.count * 2 >= connectedCount + losses.count
        else { return [] }
        let keys = losses.declareMassLoss()
        for key in keys {
            guard case .away(var absence)? = sessions[key]?.presence else { continue }
            absence.isExcused = true
            sessions[key]?.presence = .away(absence)
            startGrace(of: key)
        }
        log(
            .warning,
            "Mass loss: \(keys.count) of \(connectedCount + keys.count) sessions lost within "
                + "\(configuration.massLoss.window); their routes' grace is multiplied by "
                + "\(configuration.massLoss.graceFactor), and health checks alone decide who gets traffic")
        return keys
    }

    private mutating func startGrace(of key: SessionKey) {
        guard case .away(let absence)? = sessions[key]?.presence else { return }
        let factor = absence.isExcused ? configuration.massLoss.graceFactor : 1
        timers.set(.grace(key), at: absence.since + configuration.routeGrace * factor)
    }

    /// A session was away for too long to be resumed.
    mutating func expiryElapsed(of key: SessionKey, now: Moment, into delta: inout RoutingDelta) {
        guard let session = sessions[key], case .away(let absence) = session.presence else { return }
        log(.info, "Session expired: \(session.service) at \(session.instance) (session: \(session.logID))")
        sessions[key]?.presence = .expired(absence)
        invalidate(key)
        if session.active.routes.isEmpty { end(key, now: now, into: &delta) }
    }

    /// The routes of an absent or superseded session have served long enough.
    mutating func graceElapsed(of key: SessionKey, now: Moment, into delta: inout RoutingDelta) {
        guard let session = sessions[key] else { return }
        log(
            .info,
            "Grace ended: \(session.active.routes.count) routes of \(session.service) at \(session.instance) removed "
                + "(session: \(session.logID))")
        end(key, now: now, into: &delta)
    }
}
