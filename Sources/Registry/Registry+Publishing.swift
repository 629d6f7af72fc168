import ProxyModel

extension Registry {
    /// Every worker serves the delta of this token.
    public mutating func published(_ token: EffectToken, now: Moment) -> [RegistryAction] {
        guard let effect = effects.removeValue(forKey: token) else { return takeActions() }
        outstandingPublications -= 1
        switch effect {
        case .answeredPublication(let request, let line): reply(to: request, line)
        case .shutdownPublication(let request): shutdownPublished(request)
        case .maintenancePublication(let request, let task): maintenancePublished(request, task, now: now)
        case .publication, .maintenanceProbe, .backendTest, .statistics, .drainStatus, .receipt, .circuitStatus,
            .circuitReset:
            break
        }
        return takeActions()
    }

    /// Hands a delta to the workers.
    mutating func publish(_ delta: RoutingDelta, _ effect: Effect) {
        outstandingPublications += 1
        act(.publish(delta, begin(effect)))
    }

    /// Hands a delta to the workers if there is anything in it.
    mutating func publishUnlessEmpty(_ delta: RoutingDelta) {
        if !delta.isEmpty { publish(delta, .publication) }
    }

    /// Publishes a delta and answers the command then; at once where there is nothing that the answer has to wait for.
    mutating func publish(_ delta: RoutingDelta, thenAnswer request: Request, _ line: String) -> Outcome {
        // An earlier publication of the same session may be under way: the answer must not overtake it.
        if delta.isEmpty && outstandingPublications == 0 { return .reply(line) }
        publish(delta, .answeredPublication(request, line))
        return .later
    }

    /// Tells the workers the state of those of these sessions that they know in another state.
    mutating func publishStates(of keys: [SessionKey]) {
        var delta = RoutingDelta()
        for key in keys where sessions[key]?.announced != nil { announce(key, in: &delta) }
        publishUnlessEmpty(delta)
    }

    /// Adds the state of a session to a delta where the workers do not know it.
    mutating func announce(_ key: SessionKey, in delta: inout RoutingDelta) {
        guard let state = sessions[key]?.state, sessions[key]?.announced != state else { return }
        sessions[key]?.announced = state
        delta.sessions.append(state)
    }
}
