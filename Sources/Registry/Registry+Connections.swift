import ProxyModel
import RegistryProtocol

extension Registry {
    /// A client connected.
    public mutating func connectionOpened(_ id: ConnectionID, now: Moment) -> [RegistryAction] {
        precondition(connections[id] == nil, "the shell gives each connection a number of its own")
        connections[id] = Connection()
        startIdleTimer(of: id, now: now)
        return takeActions()
    }

    /// A connection ended, whoever ended it.
    public mutating func connectionClosed(_ id: ConnectionID, now: Moment) -> [RegistryAction] {
        guard let connection = connections.removeValue(forKey: id) else { return takeActions() }
        timers.cancel(.idle(id))
        loseOwner(of: connection.sessions, now: now)
        return takeActions()
    }

    /// The proxy begins to stop: every client is told.
    public mutating func shutdown(now: Moment) -> [RegistryAction] {
        isStopping = true
        for id in connections.keys.sorted() { act(.event(id, Reply.shutdown)) }
        return takeActions()
    }

    /// Closes a connection that owns no session.
    mutating func close(_ id: ConnectionID) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        precondition(connection.sessions.isEmpty, "a connection with a session is closed by its peer alone")
        timers.cancel(.idle(id))
        act(.close(id))
    }

    /// Gives a connection a session to own.
    mutating func attach(_ key: SessionKey, to id: ConnectionID) {
        connections[id]?.sessions.append(key)
        timers.cancel(.idle(id))
        sessions[key]?.presence = .connected(id)
        connectedCount += 1
    }

    /// Takes a session from the connection that owns it, if there is one. The caller sets the new presence.
    mutating func detach(_ key: SessionKey, now: Moment) {
        guard let owner = sessions[key]?.owner else { return }
        connectedCount -= 1
        connections[owner]?.sessions.removeAll { $0 == key }
        if connections[owner]?.sessions.isEmpty == true { startIdleTimer(of: owner, now: now) }
    }

    /// Lets a connection without session live for another idle time.
    mutating func startIdleTimer(of id: ConnectionID, now: Moment) {
        timers.set(.idle(id), at: now.monotonic + configuration.idleTimeout)
    }

    /// A connection without session has been silent for too long.
    mutating func idleTimeElapsed(of id: ConnectionID, now: Moment) {
        guard let connection = connections[id], connection.sessions.isEmpty else { return }
        guard !connection.isBusy, connection.outstandingMaintenance == 0 else {
            startIdleTimer(of: id, now: now)
            return
        }
        close(id)
    }
}
