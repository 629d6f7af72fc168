import ProxyModel
import Registry

extension Simulation {
    /// Lets some connection that waits for nothing send a line.
    func sendSomething() {
        let ready = peers.filter { $0.value.expectation == nil }.keys.sorted()
        guard let id = random.pick(ready) else { return }
        switch random.below(100) {
        case ..<1: sendRegister(on: id)
        case ..<3: sendReconnect(on: id)
        case ..<6: sendNonsense(on: id)
        default:
            // Mostly for a session of its own, as real clients do.
            let owned = oracle.owned(by: id).compactMap { oracle.sessions[$0]?.id }
            let session = random.chance(90) ? random.pick(owned) : random.pick(Array(knownIDs.suffix(12)))
            guard let session else {
                // Not at once: connections without session are to be there as well.
                if random.chance(30) { random.chance(50) ? sendRegister(on: id) : sendReconnect(on: id) }
                return
            }
            guard let number = oracle.session(session) else {
                send("PING|\(session)", on: id, ["ERROR|Invalid session"])
                return
            }
            sendCommand(session, number, on: id)
        }
    }

    /// Sends a line and notes what the answer has to be.
    func send(
        _ line: String, on id: ConnectionID, _ answers: [String],
        registers: (service: String, instance: String)? = nil
    ) {
        peers[id]?.expectation = Expectation(answers: answers, line: line, registers: registers)
        peers[id]?.lastLine = now.monotonic
        let bits = (random.next(), random.next())
        perform(registry.lineReceived(Array(line.utf8), on: id, now: now, random: bits))
    }

    /// Sends a command of a session, sometimes with a transaction id, which the answer then carries.
    func command(
        _ name: String, _ session: String, _ fields: [String], on id: ConnectionID, _ answers: [String]
    ) {
        guard random.chance(20) else {
            send(([name, session] + fields).joined(separator: "|"), on: id, answers)
            return
        }
        let transaction = "t-\(random.below(1000))"
        let tagged = answers.map { answer in
            // `KIND|rest` and `KIND` become `KIND|txn|rest` and `KIND|txn`.
            let kind = answer.prefix { $0 != "|" && $0 != "*" }
            return "\(kind)|\(transaction)\(answer.dropFirst(kind.count))"
        }
        send(([name, session, transaction] + fields).joined(separator: "|"), on: id, tagged)
    }

    private func sendRegister(on id: ConnectionID) {
        let service = "s\(random.below(3))"
        let instance = "\(service).\(random.below(8))"
        send(
            "REGISTER|\(service)|\(instance)|9001|{}", on: id, ["ACK|\(instance)-9001-\(now.wall.seconds)-*"],
            registers: (service, instance))
    }

    private func sendReconnect(on id: ConnectionID) {
        guard let session = random.pick(Array(knownIDs.suffix(12))) else { return }
        let answer = oracle.reconnect(session, on: id)
        send("RECONNECT|\(session)", on: id, [answer])
    }

    private func sendNonsense(on id: ConnectionID) {
        switch random.below(6) {
        case 0: send("ACK", on: id, [])
        case 1: send("PING|nobody-1-2-3", on: id, ["ERROR|Invalid session"])
        case 2: send("NONSENSE|1|2", on: id, ["ERROR|unknown command: NONSENSE"])
        case 3: send("ROUTE_ADD|x", on: id, ["ERROR|invalid format: expected ROUTE_ADD|*"])
        case 4:
            peers[id]?.expectation = Expectation(answers: ["ERROR|line too long*"], line: "long")
            peers[id]?.lastLine = now.monotonic
            perform(registry.lineTooLong(on: id, now: now))
        default:
            let bytes = (0..<random.below(40) + 1).map { _ in UInt8(truncatingIfNeeded: random.next() | 1) }
            peers[id]?.expectation = Expectation(answers: ["ERROR|*"], line: "noise")
            peers[id]?.lastLine = now.monotonic
            perform(registry.lineReceived(bytes, on: id, now: now, random: (1, 1)))
        }
    }

    private func sendCommand(_ session: String, _ number: Int, on id: ConnectionID) {
        switch random.below(100) {
        case ..<30: sendRouteCommand(session, number, on: id)
        case ..<45: sendSetting(session, number, on: id)
        case ..<70: sendApply(session, number, on: id)
        case ..<80: sendOperation(session, number, on: id)
        case ..<96: sendQuestion(session, number, on: id)
        case ..<97 where random.chance(30):
            oracle.shutDown(number)
            command("CLIENT_SHUTDOWN", session, [], on: id, ["SHUTDOWN_OK"])
        case ..<98:
            oracle.clearStaging(number)
            command("CONFIG_ROLLBACK", session, [], on: id, ["OK"])
        default: sendApply(session, number, on: id)
        }
    }

    private func sendApply(_ session: String, _ number: Int, on id: ConnectionID) {
        var scopes = Oracle.allScopes
        let isPartial = random.chance(25)
        if isPartial {
            // Sorted, because a set has no order of its own and the run has to be the same each time.
            scopes = Set(scopes.sorted().filter { _ in random.chance(50) })
            if scopes.isEmpty { scopes = ["routes"] }
        }
        let isValid = oracle.isValid(scopes, in: number)
        let answer = isValid ? "OK" : "ERROR|*"
        if !isPartial, random.chance(20) {
            command("CONFIG_VALIDATE", session, [], on: id, [answer])
            return
        }
        if isValid { oracle.apply(scopes, in: number) }
        if isPartial {
            command("CONFIG_APPLY_PARTIAL", session, [scopes.sorted().joined(separator: ",")], on: id, [answer])
        } else {
            command("CONFIG_APPLY", session, [], on: id, [answer])
        }
    }
}
