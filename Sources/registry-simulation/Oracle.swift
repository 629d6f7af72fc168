import ProxyModel
import Registry

/// A second, naive registry: whole-state scans, no index, no deltas, texts instead of parsed values. It says for each
/// command what the answer has to be, and at any time which routes have to be in force with which settings.
struct Oracle {
    struct Route: Equatable {
        var domains: [String]
        var path: String
        var backend: String
        var priority: Int
    }

    enum Change: Equatable {
        case added(Route)
        case updated(Route)
        case removed

        var route: Route? {
            switch self {
            case .added(let route), .updated(let route): route
            case .removed: nil
            }
        }
    }

    enum Presence: Equatable {
        case connected(ConnectionID)
        case away
        case expired
        case superseded
    }

    struct Session {
        var id: String
        var service: String
        var instance: String
        var presence: Presence
        var predecessor: Int?
        var routes: [UInt64: Route] = [:]
        /// By target (0 is ALL) and name: `h:x-a`, `o:timeout`, `rate`, `circuit`, `health`.
        var settings: [UInt64: [String: String]] = [:]
        var staged: [UInt64: Change] = [:]
        /// As ``settings``; `nil` inside is a removal.
        var stagedSettings: [UInt64: [String: String?]] = [:]
        var stagedUntil = MonotonicTime.zero
        var lostAt = MonotonicTime.zero
        var isExcused = false
        var graceUntil: MonotonicTime?
        var drainStart: MonotonicTime?
        var maintenance: [UInt64: (backend: String, task: Int)] = [:]
        var maintenanceLater: (backend: String, task: Int)?
        var subscriptions: Set<String> = []

        var isValid: Bool {
            switch presence {
            case .connected, .away: true
            case .expired, .superseded: false
            }
        }
        var owner: ConnectionID? {
            if case .connected(let owner) = presence { owner } else { nil }
        }
        var isStagingEmpty: Bool { staged.isEmpty && stagedSettings.isEmpty }
        /// What the workers should take its owner for.
        var countsAsConnected: Bool {
            switch presence {
            case .connected: true
            case .away, .expired: isExcused
            case .superseded: false
            }
        }
    }

    let configuration: RegistryConfiguration
    var sessions: [Int: Session] = [:]
    var nextSession = 1
    var nextRoute: UInt64 = 1
    var nextTask = 1
    var losses: [Int: MonotonicTime] = [:]
    var isMassLoss = false

    init(configuration: RegistryConfiguration) {
        self.configuration = configuration
    }

    /// The valid session with this id.
    func session(_ id: String) -> Int? {
        sessions.first { $0.value.id == id && $0.value.isValid }?.key
    }

    func owned(by connection: ConnectionID) -> [Int] {
        sessions.filter { $0.value.owner == connection }.keys.sorted()
    }

    /// The routes that have to be in force, each with the number of its session.
    var active: [UInt64: (session: Int, route: Route)] {
        var active: [UInt64: (session: Int, route: Route)] = [:]
        for (number, session) in sessions {
            for (id, route) in session.routes { active[id] = (number, route) }
        }
        return active
    }

    /// A route's own setting over that of ALL.
    func setting(_ name: String, of route: UInt64, in session: Session) -> String? {
        session.settings[route]?[name] ?? session.settings[0]?[name]
    }

    // MARK: time

    mutating func connectionClosed(_ connection: ConnectionID, now: MonotonicTime) {
        let lost = owned(by: connection)
        guard !lost.isEmpty else { return }
        losses = losses.filter { number, time in
            time + configuration.massLoss.window >= now && sessions[number]?.presence == .away
        }
        if losses.isEmpty { isMassLoss = false }
        for number in lost {
            sessions[number]?.presence = .away
            sessions[number]?.lostAt = now
            sessions[number]?.isExcused = isMassLoss
            losses[number] = now
        }
        let connected = sessions.values.filter { $0.owner != nil }.count
        if !isMassLoss, losses.count >= configuration.massLoss.minimum, losses.count * 2 >= connected + losses.count {
            isMassLoss = true
            for number in losses.keys { sessions[number]?.isExcused = true }
        }
        for number in sessions.keys where sessions[number]?.presence == .away {
            guard let session = sessions[number] else { continue }
            sessions[number]?.graceUntil = session.lostAt + configuration.routeGrace * (session.isExcused ? 2 : 1)
        }
    }

    mutating func tick(now: MonotonicTime) {
        for (number, session) in sessions {
            if session.presence == .away, session.lostAt + configuration.sessionExpiry <= now {
                invalidate(number)
                sessions[number]?.presence = .expired
                if session.routes.isEmpty { end(number) }
            }
            if let grace = session.graceUntil, grace <= now { end(number) }
            if !session.isStagingEmpty, session.stagedUntil <= now { clearStaging(number) }
        }
    }

    mutating func end(_ number: Int) {
        sessions[number] = nil
        losses[number] = nil
    }

    mutating func invalidate(_ number: Int) {
        clearStaging(number)
        sessions[number]?.subscriptions = []
        losses[number] = nil
    }

    mutating func clearStaging(_ number: Int) {
        sessions[number]?.staged = [:]
        sessions[number]?.stagedSettings = [:]
    }

    // MARK: life of a session

    mutating func registered(
        _ id: String, _ service: String, _ instance: String, on connection: ConnectionID, now: MonotonicTime
    ) {
        let old = sessions.filter { $0.value.service == service && $0.value.instance == instance }.keys.max()
        let number = nextSession
        nextSession += 1
        var session = Session(id: id, service: service, instance: instance, presence: .connected(connection))
        if let old, let before = sessions[old] {
            invalidate(old)
            if before.graceUntil == nil { sessions[old]?.graceUntil = now + configuration.routeGrace }
            sessions[old]?.presence = .superseded
            session.predecessor = before.routes.isEmpty ? before.predecessor : old
            if before.routes.isEmpty { end(old) }
        }
        sessions[number] = session
    }

    mutating func reconnect(_ id: String, on connection: ConnectionID) -> String {
        guard let number = session(id) else { return "REREGISTER" }
        sessions[number]?.presence = .connected(connection)
        sessions[number]?.graceUntil = nil
        sessions[number]?.isExcused = false
        losses[number] = nil
        return "OK"
    }

    mutating func shutDown(_ number: Int) {
        if let predecessor = sessions[number]?.predecessor { end(predecessor) }
        end(number)
    }
}
