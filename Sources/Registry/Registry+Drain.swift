import ProxyModel
import RegistryProtocol

extension Registry {
    /// DRAIN_START: answered once every worker knows the ramp.
    mutating func startDrain(
        of key: SessionKey, _ duration: Duration, _ request: Request
    ) throws(RegistryError) -> Outcome {
        if let drain = sessions[key]?.drain { throw .draining(until: drain.completionTime) }
        let drain = Drain(startedAt: request.now, duration: duration)
        sessions[key]?.drain = drain
        timers.set(.drained(key), at: drain.end)
        logDrain("started, complete at \(drain.completionTime.rfc3339)", of: key)
        let line = Reply.line("DRAIN_OK", request.transactionID, drain.completionTime.rfc3339)
        return publishDrain(of: key, request, line)
    }

    /// DRAIN_CANCEL: answered once every worker sends full traffic again.
    mutating func cancelDrain(of key: SessionKey, _ request: Request) throws(RegistryError) -> Outcome {
        guard sessions[key]?.drain != nil else { throw .noDrain }
        sessions[key]?.drain = nil
        timers.cancel(.drained(key))
        timers.cancel(.receipt(key))
        logDrain("cancelled", of: key)
        return publishDrain(of: key, request, Reply.line("DRAIN_OK", request.transactionID))
    }

    /// DRAIN_STATUS.
    mutating func drainStatus(of key: SessionKey, _ request: Request) throws(RegistryError) -> Outcome {
        guard sessions[key]?.drain != nil else { throw .noDrain }
        act(.queryActivity(key, begin(.drainStatus(request, key))))
        return .later
    }

    /// The answer to a `queryActivity`.
    public mutating func activityRead(
        _ token: EffectToken, _ report: ActivityReport, now: Moment
    ) -> [RegistryAction] {
        switch effects.removeValue(forKey: token) {
        case .drainStatus(let request, let key): answerDrainStatus(request, key, report, now: now)
        case .receipt(let key): receiptRead(of: key, report, now: now)
        default: break
        }
        return takeActions()
    }

    /// A drain has reached 0 %.
    mutating func drainCompleted(of key: SessionKey) {
        guard sessions[key]?.drain != nil else { return }
        logDrain("complete", of: key)
        askForReceipt(of: key)
    }

    /// Asks whether a drained session is quiet, if somebody waits to be told.
    mutating func askForReceipt(of key: SessionKey) {
        guard let session = sessions[key], session.drain?.isReported == false, session.owner != nil,
            session.subscriptions.contains(.drainCompleted)
        else { return }
        act(.queryActivity(key, begin(.receipt(key))))
    }

    /// Somebody waits again to be told that a drained session is quiet.
    mutating func resumeReceipt(of key: SessionKey, now: Moment) {
        guard let drain = sessions[key]?.drain, !drain.isReported, drain.end <= now.monotonic else { return }
        timers.set(.receipt(key), at: now.monotonic)
    }

    private mutating func receiptRead(of key: SessionKey, _ report: ActivityReport, now: Moment) {
        guard let session = sessions[key], let drain = session.drain, !drain.isReported, drain.end <= now.monotonic
        else { return }
        guard report.isQuiet else {
            timers.set(.receipt(key), at: now.monotonic + configuration.receiptInterval)
            return
        }
        guard session.owner != nil, session.subscriptions.contains(.drainCompleted) else { return }
        sessions[key]?.drain?.isReported = true
        var payload = JSONObject()
        payload.set("session_id", session.id)
        payload.set("in_flight", report.inFlight)
        payload.set("websockets", report.webSockets)
        sendEvent(.drainCompleted, payload, to: key)
    }

    private mutating func answerDrainStatus(
        _ request: Request, _ key: SessionKey, _ report: ActivityReport, now: Moment
    ) {
        guard let drain = sessions[key]?.drain else {
            reply(to: request, Reply.error(request.transactionID, RegistryError.noDrain.message))
            return
        }
        let whole = drain.duration.components.seconds
        let elapsed = min(max((now.monotonic - drain.startedAt.monotonic).components.seconds, 0), whole)
        var object = JSONObject()
        object.set("active", true)
        object.set("started_at", drain.startedAt.wall.rfc3339)
        object.set("duration_seconds", whole)
        object.set("elapsed_seconds", elapsed)
        object.set("remaining_seconds", whole - elapsed)
        object.set("traffic_percent", drain.ramp.trafficPercent(at: now.monotonic))
        object.set("in_flight", report.inFlight)
        object.set("websockets", report.webSockets)
        object.set("last_request_at", report.lastRequestAt?.rfc3339)
        reply(to: request, Reply.json("DRAIN_STATUS_OK", request.transactionID, object))
    }

    private mutating func publishDrain(of key: SessionKey, _ request: Request, _ line: String) -> Outcome {
        var delta = RoutingDelta()
        if sessions[key]?.announced != nil { announce(key, in: &delta) }
        return publish(delta, thenAnswer: request, line)
    }

    private mutating func logDrain(_ what: String, of key: SessionKey) {
        guard let session = sessions[key] else { return }
        log(.info, "Drain \(what): \(session.service) at \(session.instance) (session: \(session.logID))")
    }
}
