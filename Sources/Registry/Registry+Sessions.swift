import ProxyModel
import RegistryProtocol

extension Registry {
    /// REGISTER: makes a session, which supersedes an earlier one of the same instance.
    mutating func register(
        _ service: String, _ instance: String, _ port: UInt16, _ metadata: String?, _ request: Request,
        _ random: (UInt64, UInt64)
    ) throws(RegistryError) -> Outcome {
        guard !isStopping else { throw .shuttingDown }
        let most = configuration.limits.sessions
        guard sessions.count < most else { throw .limit(of: "sessions", most) }
        let key = takeSessionKey()
        let id =
            "\(instance)-\(port)-\(request.now.wall.seconds)-\(Self.hexadecimal(random.0))"
            + Self.hexadecimal(random.1)
        let session = Session(
            key: key, id: id, service: service, instance: instance, maintenancePort: port, metadata: metadata,
            owner: request.connection, now: request.now)
        log(.info, "Service registered: \(service) at \(instance):\(port) (session: \(session.logID))")
        sessions[key] = session
        keys[id] = key
        attach(key, to: request.connection)
        if let old = instances.updateValue(key, forKey: Instance(service: service, name: instance)) {
            supersede(old, by: key, now: request.now)
        }
        return request.answer("ACK", id)
    }

    /// RECONNECT: makes this connection the owner of a session that is still valid.
    mutating func reconnect(_ id: String, _ request: Request) -> Outcome {
        guard let key = keys[id], let session = sessions[key] else { return request.answer("REREGISTER") }
        if session.owner == request.connection { return request.answer("OK") }
        detach(key, now: request.now)
        attach(key, to: request.connection)
        timers.cancel(.expiry(key))
        timers.cancel(.grace(key))
        losses.remove(key)
        publishStates(of: [key])
        resumeReceipt(of: key, now: request.now)
        log(.info, "Session resumed: \(session.service) at \(session.instance) (session: \(session.logID))")
        return request.answer("OK")
    }

    /// CLIENT_SHUTDOWN: removes the session with its routes and those of the one that it superseded.
    mutating func shutDown(_ key: SessionKey, _ request: Request) -> Outcome {
        guard let session = sessions[key] else { return request.answer("SHUTDOWN_OK") }
        var delta = RoutingDelta()
        if let predecessor = session.predecessor { end(predecessor, now: request.now, into: &delta) }
        end(key, now: request.now, into: &delta)
        log(
            .info,
            "Service shut down: \(session.service) at \(session.instance), \(delta.removals.count) routes removed "
                + "(session: \(session.logID))")
        publish(delta, .shutdownPublication(request))
        return .later
    }

    /// A CLIENT_SHUTDOWN's routes are gone everywhere.
    mutating func shutdownPublished(_ request: Request) {
        reply(to: request, Reply.line("SHUTDOWN_OK", request.transactionID))
        if connections[request.connection]?.sessions.isEmpty == true { close(request.connection) }
    }

    /// SESSION_INFO.
    func sessionInfo(_ key: SessionKey, _ request: Request) -> Outcome {
        guard let session = sessions[key] else { return request.answer("SESSION_OK") }
        let staged = session.staging.routes.values.count { $0.specification != nil }
        let uptime = (request.now.monotonic - session.registeredAt.monotonic).components.seconds
        var object = JSONObject()
        object.set("session_id", session.id)
        object.set("service_name", session.service)
        object.set("instance_name", session.instance)
        object.set("connected_at", session.registeredAt.wall.rfc3339)
        object.set("uptime_seconds", uptime)
        object.set("routes_active", session.active.routes.count)
        object.set("routes_staged", staged)
        object.set("last_apply", session.lastApply?.rfc3339)
        object.set("metadata", JSONText(session.metadata ?? "{}"))
        return request.answer("SESSION_OK", json: object)
    }

    /// The same instance registered anew: the old id is invalid from now on, the routes go on serving.
    private mutating func supersede(_ old: SessionKey, by new: SessionKey, now: Moment) {
        guard let session = sessions[old] else { return }
        detach(old, now: now)
        invalidate(old)
        sessions[old]?.presence = .superseded
        log(.info, "Session superseded: \(session.service) at \(session.instance) (session: \(session.logID))")
        if timers.deadline(of: .grace(old)) == nil {
            timers.set(.grace(old), at: now.monotonic + configuration.routeGrace)
        }
        // One that never had routes in force hands on what it would itself have replaced.
        sessions[new]?.predecessor = session.active.routes.isEmpty ? session.predecessor : old
        if session.active.routes.isEmpty {
            var delta = RoutingDelta()
            end(old, now: now, into: &delta)
            publishUnlessEmpty(delta)
        } else {
            publishStates(of: [old])
        }
    }

    /// Makes a session's id invalid and forgets what only a valid session needs.
    mutating func invalidate(_ key: SessionKey) {
        guard let session = sessions[key] else { return }
        keys[session.id] = nil
        timers.cancel(.expiry(key))
        timers.cancel(.drained(key))
        timers.cancel(.receipt(key))
        losses.remove(key)
        clearStaging(of: key)
        for type in session.subscriptions { removeSubscription(of: key, to: type) }
    }

    /// Forgets a session altogether and adds to the delta what the workers have to forget.
    mutating func end(_ key: SessionKey, now: Moment, into delta: inout RoutingDelta) {
        guard sessions[key] != nil else { return }
        removeAllRoutes(of: key, into: &delta)
        invalidate(key)
        timers.cancel(.grace(key))
        detach(key, now: now)
        guard let session = sessions.removeValue(forKey: key) else { return }
        if session.announced != nil { delta.endedSessions.append(key) }
        let instance = Instance(service: session.service, name: session.instance)
        if instances[instance] == key {
            // An earlier session whose routes still serve is the next to be superseded.
            instances[instance] = session.predecessor.flatMap { sessions[$0] == nil ? nil : $0 }
        }
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
