import ProxyModel
import Registry

extension Simulation {
    /// Plays the shell: carries actions out.
    func perform(_ actions: [RegistryAction]) {
        for action in actions {
            switch action {
            case .reply(let id, let line): receive(line, on: id)
            case .noReply(let id):
                require(peers[id]?.expectation?.answers == [], "no answer where one was due")
                peers[id]?.expectation = nil
            case .event(let id, let line): receiveEvent(line, on: id)
            case .close(let id): closed(id)
            case .publish(let delta, let token):
                serve(delta)
                publications.append(token)
            case .testBackend, .probeBackend, .queryStatistics, .queryActivity, .queryCircuit, .resetCircuits:
                effects.append(action)
            case .log(_, let line):
                // Of the secret part of a session id only the first eight digits.
                require(!knownIDs.suffix(50).contains { line.contains($0) }, "a log line shows a session id: \(line)")
            }
        }
    }

    private func receive(_ line: String, on id: ConnectionID) {
        guard let expectation = peers[id]?.expectation else {
            require(false, "connection \(id.number) got \(line), but waits for nothing")
            return
        }
        let isRight = expectation.answers.contains { answer in
            answer.hasSuffix("*") ? line.hasPrefix(answer.dropLast()) : line == answer
        }
        require(isRight, "\(expectation.line)\n  answered: \(line)\n  expected: \(expectation.answers)")
        require(line.utf8.count < 65_536, "a line of \(line.utf8.count) bytes")
        let name = String(expectation.line.prefix { $0 != "|" })
        if line.hasPrefix("ERROR") {
            counts[name, default: (0, 0)].refused += 1
        } else {
            counts[name, default: (0, 0)].answered += 1
        }
        if line == "ACK" || line.hasPrefix("ACK|"), name.hasPrefix("MAINT") { peers[id]?.maintenance += 1 }
        if let (service, instance) = expectation.registers, line.hasPrefix("ACK|") {
            let session = String(line.dropFirst(4))
            require(!knownIDs.contains(session), "a session id was given twice")
            knownIDs.append(session)
            oracle.registered(session, service, instance, on: id, now: now.monotonic)
        }
        // Another connection may have taken its other sessions meanwhile, so this is not known before.
        let closes = line.hasPrefix("SHUTDOWN_OK") && oracle.owned(by: id).isEmpty
        peers[id]?.expectation = closes ? Expectation(answers: [], closes: true, line: "") : nil
    }

    private func receiveEvent(_ line: String, on id: ConnectionID) {
        require(peers[id] != nil, "\(line) for a connection that is gone")
        if line == "SHUTDOWN" { return }
        if line.hasPrefix("MAINT_OK|") || line.hasPrefix("ERROR|") {
            peers[id]?.maintenance -= 1
            require((peers[id]?.maintenance ?? 0) >= 0, "\(line) before the ACK of its command")
            return
        }
        let type = String(line.split(separator: "|")[1])
        let isWanted = oracle.sessions.values.contains { $0.owner == id && $0.subscriptions.contains(type) }
        let isLastWord = line == "EVENT|global_config_changed|{\"reason\":\"staged_expired\"}"
        require(isWanted || isLastWord, "\(line) for connection \(id.number), which did not subscribe")
    }

    private func closed(_ id: ConnectionID) {
        guard let peer = peers.removeValue(forKey: id) else {
            require(false, "connection \(id.number) closed twice")
            return
        }
        require(oracle.owned(by: id).isEmpty, "a connection with a session was closed")
        let isIdle = peer.lastLine + .seconds(30) <= now.monotonic && peer.expectation == nil
        require(isIdle || peer.expectation?.closes == true, "connection \(id.number) was closed without a reason")
    }

    private func serve(_ delta: RoutingDelta) {
        for id in delta.removals {
            require(served.removeValue(forKey: id) != nil, "removed \(id), which nobody served")
            retired.insert(id)
        }
        for route in delta.upserts {
            require(!retired.contains(route.id), "\(route.id) is used again")
            served[route.id] = route
        }
        for state in delta.sessions { states[state.key] = state }
        for key in delta.endedSessions {
            require(states.removeValue(forKey: key) != nil, "ended a session that the workers did not know")
        }
    }

    /// Answers one outstanding effect, in any order, as well or as badly as it may go.
    func acknowledge() {
        if !publications.isEmpty, effects.isEmpty || random.chance(70) {
            let index = random.chance(80) ? 0 : random.below(publications.count)
            perform(registry.published(publications.remove(at: index), now: now))
            return
        }
        guard !effects.isEmpty else { return }
        switch effects.remove(at: random.below(effects.count)) {
        case .testBackend(_, _, let token):
            let report: BackendTestReport =
                random.chance(50)
                ? .reachable(responseTime: .milliseconds(45), statusCode: 200, tlsValid: nil)
                : .unreachable(reason: "connection refused")
            perform(registry.backendTested(token, report, now: now))
        case .probeBackend(let backend, _, let token):
            let failure = random.chance(70) ? nil : "connection refused"
            if failure != nil { oracle.maintenanceFailed(backend: backend.description) }
            perform(registry.backendProbed(token, failure: failure, now: now))
        case .queryStatistics(_, let token):
            perform(registry.statisticsRead(token, routes: [:], total: TrafficReport(), now: now))
        case .queryActivity(_, let token):
            perform(registry.activityRead(token, ActivityReport(inFlight: random.below(2)), now: now))
        case .queryCircuit(_, let token): perform(registry.circuitRead(token, CircuitReport(), now: now))
        case .resetCircuits(_, let token): perform(registry.circuitsReset(token, now: now))
        case .reply, .noReply, .event, .close, .publish, .log: require(false, "no effect")
        }
    }
}

extension Oracle {
    /// A maintenance page's backend did not answer: the built-in page stays.
    mutating func maintenanceFailed(backend: String) {
        for number in sessions.keys {
            for (id, entry) in sessions[number]?.maintenance ?? [:] where entry.backend == backend {
                sessions[number]?.maintenance[id]?.backend = ""
            }
            if sessions[number]?.maintenanceLater?.backend == backend {
                sessions[number]?.maintenanceLater?.backend = ""
            }
        }
    }
}
