import ProxyModel
import RegistryProtocol

extension Registry {
    /// A client sent a line.
    ///
    /// - Parameters:
    ///   - line: without LF and CR, not empty.
    ///   - random: 128 bits from a cryptographic source, never given twice.
    public mutating func lineReceived(
        _ line: [UInt8], on connection: ConnectionID, now: Moment, random: (UInt64, UInt64)
    ) -> [RegistryAction] {
        guard beginLine(on: connection, now: now) else { return takeActions() }
        var request = Request(connection: connection, transactionID: nil, bytes: line.count, now: now)
        switch CommandParser.parse(line) {
        case .success(let parsed):
            request.transactionID = parsed.transactionID
            do throws(RegistryError) {
                finish(request, try carryOut(parsed, request, random))
            } catch {
                finish(request, .reply(Reply.error(request.transactionID, error.message)))
            }
        case .failure(let error):
            // Whoever lost its session must learn that before anything else.
            let isLost = error.sessionID.map { keys[$0] == nil } ?? false
            let reason = isLost ? LineError.invalidSession : error.reason
            finish(request, .reply(Reply.error(error.transactionID, reason)))
        }
        return takeActions()
    }

    /// A client sent a line over the limit; the shell has thrown it away.
    public mutating func lineTooLong(on connection: ConnectionID, now: Moment) -> [RegistryAction] {
        guard beginLine(on: connection, now: now) else { return takeActions() }
        let request = Request(connection: connection, transactionID: nil, bytes: 0, now: now)
        finish(request, .reply(Reply.error(nil, LineError.lineTooLong())))
        return takeActions()
    }

    /// Notes that a command is in hand; false where there is no such connection any more.
    private mutating func beginLine(on connection: ConnectionID, now: Moment) -> Bool {
        guard let state = connections[connection] else { return false }
        precondition(!state.isBusy, "the shell gives a line only after the answer to the one before")
        connections[connection]?.isBusy = true
        if state.sessions.isEmpty { startIdleTimer(of: connection, now: now) }
        return true
    }

    private mutating func finish(_ request: Request, _ outcome: Outcome) {
        switch outcome {
        case .reply(let line): reply(to: request, line)
        case .later: break
        case .silence:
            guard connections[request.connection] != nil else { return }
            connections[request.connection]?.isBusy = false
            act(.noReply(request.connection))
        }
    }

    private mutating func carryOut(
        _ line: ParsedLine, _ request: Request, _ random: (UInt64, UInt64)
    ) throws(RegistryError) -> Outcome {
        switch line.command {
        case .register(let service, let instance, let port, let metadata):
            return try register(service, instance, port, metadata, request, random)
        case .reconnect: return reconnect(line.sessionID ?? "", request)
        case .clientAcknowledgement: return .silence
        default:
            guard let id = line.sessionID, let key = keys[id] else { throw .invalidSession }
            return try carryOut(line.command, of: key, request)
        }
    }

    /// Carries out a command of a valid session.
    private mutating func carryOut(
        _ command: Command, of key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        switch command {
        case .register, .reconnect, .clientAcknowledgement:
            preconditionFailure("they do not come with a valid session")
        case .clientShutdown: return shutDown(key, request)
        case .ping: return request.answer("PONG")
        case .sessionInfo: return sessionInfo(key, request)
        case .routeAdd(let route): return try addRoute(route, to: key, request)
        case .routeAddBulk(let routes): return try addRoutes(routes, to: key, request)
        case .routeUpdate(let id, let change): return try updateRoute(id, change, of: key, request)
        case .routeRemove(let id): return try removeRoute(id, of: key, request)
        case .routeList(let compressed): return listRoutes(of: key, compressed: compressed, request)
        case .headersSet, .headersRemove, .optionsSet, .optionsRemove, .healthSet, .rateLimitSet, .circuitBreakerSet:
            return try stageSetting(command, of: key, request)
        case .circuitBreakerStatus(let id): return try circuitStatus(of: id, key, request)
        case .circuitBreakerReset(let target): return try resetCircuits(target, key, request)
        case .configValidate: return try validateStaged(key, request)
        case .configApply: return try apply(Set(ConfigScope.allCases), of: key, request)
        case .configRollback: return rollBack(key, request)
        case .configDiff: return diff(key, request)
        case .configApplyPartial(let scopes): return try apply(scopes, of: key, request)
        case .statsGet(let target, let compressed):
            return try statistics(target, of: key, compressed: compressed, request)
        case .drainStart(let duration): return try startDrain(of: key, duration, request)
        case .drainStatus: return try drainStatus(of: key, request)
        case .drainCancel: return try cancelDrain(of: key, request)
        case .maintenanceEnter(let selection, let backend):
            return try enterMaintenance(selection, backend, key, request)
        case .maintenanceExit(let selection): return try exitMaintenance(selection, key, request)
        case .maintenanceStatus: return maintenanceStatus(key, request)
        case .subscribe(let type): return subscribe(key, to: type, request)
        case .unsubscribe(let type): return unsubscribe(key, from: type, request)
        case .backendTest(let backend): return testBackend(backend, of: key, request)
        }
    }
}
