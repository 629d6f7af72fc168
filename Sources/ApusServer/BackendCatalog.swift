import HealthChecks
import ProxyModel

/// Which backends the routes in force use: the names to resolve and the checks to run.
///
/// Many routes share few backends, so checks are numbered and a route keeps numbers only: about 50 bytes. A delta costs
/// O(its own size).
struct BackendCatalog {
    /// What a delta changes about the use of backends.
    struct Change: Hashable, Sendable {
        /// Names that came into use.
        var newHosts: [String] = []
        /// Names that nothing uses any more.
        var droppedHosts: [String] = []
        /// Checks that came into use.
        var newChecks: [HealthCheck] = []
        /// Checks that nothing uses any more.
        var droppedChecks: [HealthCheck] = []
        /// Checks of sessions that were lost: to be probed now.
        var suspects: [HealthCheck] = []
        /// The sessions that the delta concerns.
        var sessions: Set<SessionKey> = []
        /// Names that the delta's routes use and that have never been looked up to the end.
        var unansweredHosts: Set<String> = []

        /// Whether nobody needs to hear of it.
        var isEmpty: Bool {
            newHosts.isEmpty && droppedHosts.isEmpty && newChecks.isEmpty && droppedChecks.isEmpty && suspects.isEmpty
        }
    }

    /// A route's use of backends.
    private struct Use: Equatable {
        var session: SessionKey
        var check: Int32
        var maintenanceHost: String?
    }

    /// A check with the routes that use it.
    private struct Entry {
        var check: HealthCheck
        var routes: Set<RouteID> = []
    }

    private var uses: [RouteID: Use] = [:]
    private var entries: [Entry?] = []
    private var freeNumbers: [Int32] = []
    private var numbers: [HealthCheck: Int32] = [:]
    private var sessions: [SessionKey: [Int32: Int]] = [:]
    private var hosts: [String: Int] = [:]
    private var unanswered: Set<String> = []

    /// Takes a delta in.
    mutating func apply(_ delta: RoutingDelta) -> Change {
        var change = Change()
        for route in delta.upserts {
            change.sessions.insert(route.session)
            upsert(route, &change)
        }
        for id in delta.removals {
            guard let use = uses.removeValue(forKey: id) else { continue }
            change.sessions.insert(use.session)
            end(use, of: id, &change)
        }
        for state in delta.sessions {
            change.sessions.insert(state.key)
            guard !state.connected, let lost = sessions[state.key] else { continue }
            change.suspects += lost.keys.compactMap { entries[Int($0)]?.check }
        }
        change.sessions.formUnion(delta.endedSessions)
        return change
    }

    /// The routes whose backend a check probes.
    func routes(of check: HealthCheck) -> [RouteID] {
        guard let number = numbers[check], let entry = entries[Int(number)] else { return [] }
        return Array(entry.routes)
    }

    /// The checks of the backends at a host and port. O(backends).
    func checks(host: String, port: UInt16) -> [HealthCheck] {
        numbers.keys.filter { $0.backend.port == port && $0.backend.host == host }
    }

    /// The first look-up of these names has ended.
    mutating func answered(_ names: Set<String>) {
        unanswered.subtract(names)
    }

    private mutating func upsert(_ route: RouteDefinition, _ change: inout Change) {
        let check = HealthCheck(backend: route.backend, settings: route.settings.healthCheck)
        let new = Use(
            session: route.session, check: number(of: check, &change),
            maintenanceHost: route.maintenance?.backend?.nameToResolve)
        if !unanswered.isEmpty {
            for host in [check.backend.nameToResolve, new.maintenanceHost].compactMap(\.self)
            where unanswered.contains(host) { change.unansweredHosts.insert(host) }
        }
        let old = uses[route.id]
        guard new != old else { return }
        uses[route.id] = new
        begin(new, of: route.id, &change)
        if let old { end(old, of: route.id, &change) }
    }

    /// The number of a check, which may be new.
    private mutating func number(of check: HealthCheck, _ change: inout Change) -> Int32 {
        if let number = numbers[check] { return number }
        let number = freeNumbers.popLast() ?? Int32(entries.count)
        if Int(number) == entries.count { entries.append(nil) }
        entries[Int(number)] = Entry(check: check)
        numbers[check] = number
        change.newChecks.append(check)
        if let host = check.backend.nameToResolve { retain(host, &change) }
        return number
    }

    private mutating func begin(_ use: Use, of route: RouteID, _ change: inout Change) {
        sessions[use.session, default: [:]][use.check, default: 0] += 1
        entries[Int(use.check)]?.routes.insert(route)
        if let host = use.maintenanceHost { retain(host, &change) }
    }

    private mutating func end(_ use: Use, of route: RouteID, _ change: inout Change) {
        let others = sessions[use.session]?[use.check].map { $0 - 1 } ?? 0
        sessions[use.session]?[use.check] = others > 0 ? others : nil
        if sessions[use.session]?.isEmpty == true { sessions[use.session] = nil }
        if let host = use.maintenanceHost { release(host, &change) }
        guard uses[route]?.check != use.check else { return }
        entries[Int(use.check)]?.routes.remove(route)
        guard let entry = entries[Int(use.check)], entry.routes.isEmpty else { return }
        entries[Int(use.check)] = nil
        freeNumbers.append(use.check)
        numbers[entry.check] = nil
        change.droppedChecks.append(entry.check)
        if let host = entry.check.backend.nameToResolve { release(host, &change) }
    }

    private mutating func retain(_ host: String, _ change: inout Change) {
        hosts[host, default: 0] += 1
        guard hosts[host] == 1 else { return }
        unanswered.insert(host)
        change.newHosts.append(host)
        change.unansweredHosts.insert(host)
    }

    private mutating func release(_ host: String, _ change: inout Change) {
        let others = hosts[host, default: 1] - 1
        hosts[host] = others > 0 ? others : nil
        guard others == 0 else { return }
        unanswered.remove(host)
        change.droppedHosts.append(host)
    }
}

extension BackendURL {
    /// The name that must be resolved before the backend can be reached; `nil` for an address.
    var nameToResolve: String? { address == nil ? host : nil }
}
