import HealthChecks
import ProxyModel

/// Which backends the routes in force use: the names to resolve and the checks to run, counted over all routes.
///
/// A delta costs O(its own size).
struct BackendCatalog {
    /// What a delta changes about the use of backends.
    struct Change: Hashable, Sendable {
        /// Names with one use more; a name may occur several times.
        var retainedHosts: [String] = []
        /// Names with one use less.
        var releasedHosts: [String] = []
        /// Checks with one use more.
        var retainedChecks: [HealthCheck] = []
        /// Checks with one use less.
        var releasedChecks: [HealthCheck] = []
        /// Checks of sessions that were lost: to be probed now.
        var suspects: [HealthCheck] = []
        /// The sessions that the delta concerns.
        var sessions: Set<SessionKey> = []
        /// Names in use after the delta that have never been looked up to the end.
        var unansweredHosts: [String] = []

        /// Whether nobody needs to hear of it.
        var isEmpty: Bool {
            retainedHosts.isEmpty && releasedHosts.isEmpty && retainedChecks.isEmpty && releasedChecks.isEmpty
                && suspects.isEmpty
        }
    }

    private struct Use: Hashable {
        var session: SessionKey
        var check: HealthCheck
        var maintenanceHost: String?

        var hosts: [String] {
            [check.backend.nameToResolve, maintenanceHost].compactMap(\.self)
        }
    }

    private var uses: [RouteID: Use] = [:]
    private var sessions: [SessionKey: [HealthCheck: Int]] = [:]
    private var routes: [HealthCheck: Set<RouteID>] = [:]
    private var hosts: [String: Int] = [:]
    private var unanswered: Set<String> = []

    /// Takes a delta in.
    mutating func apply(_ delta: RoutingDelta) -> Change {
        var change = Change()
        for route in delta.upserts {
            let use = Use(
                session: route.session, check: HealthCheck(backend: route.backend, settings: route.settings.healthCheck),
                maintenanceHost: route.maintenance?.backend?.nameToResolve)
            change.sessions.insert(route.session)
            let old = uses[route.id]
            guard use != old else { continue }
            uses[route.id] = use
            begin(use, of: route.id, &change)
            if let old { end(old, of: route.id, isReplacedBy: use, &change) }
        }
        for id in delta.removals {
            guard let use = uses.removeValue(forKey: id) else { continue }
            change.sessions.insert(use.session)
            end(use, of: id, isReplacedBy: nil, &change)
        }
        for state in delta.sessions {
            change.sessions.insert(state.key)
            if !state.connected, let checks = sessions[state.key] { change.suspects += checks.keys }
        }
        change.sessions.formUnion(delta.endedSessions)
        return change
    }

    /// The routes whose backend a check probes.
    func routes(of check: HealthCheck) -> [RouteID] { routes[check].map(Array.init) ?? [] }

    /// The first look-up of these names has ended.
    mutating func answered(_ names: [String]) {
        unanswered.subtract(names)
    }

    private mutating func begin(_ use: Use, of route: RouteID, _ change: inout Change) {
        for host in use.hosts {
            if hosts[host] == nil { unanswered.insert(host) }
            hosts[host, default: 0] += 1
            change.retainedHosts.append(host)
            if unanswered.contains(host) { change.unansweredHosts.append(host) }
        }
        sessions[use.session, default: [:]][use.check, default: 0] += 1
        routes[use.check, default: []].insert(route)
        change.retainedChecks.append(use.check)
    }

    private mutating func end(
        _ use: Use, of route: RouteID, isReplacedBy new: Use?, _ change: inout Change
    ) {
        for host in use.hosts {
            let others = hosts[host, default: 1] - 1
            hosts[host] = others > 0 ? others : nil
            if others == 0 { unanswered.remove(host) }
            change.releasedHosts.append(host)
        }
        let others = sessions[use.session]?[use.check].map { $0 - 1 } ?? 0
        sessions[use.session]?[use.check] = others > 0 ? others : nil
        if sessions[use.session]?.isEmpty == true { sessions[use.session] = nil }
        if new?.check != use.check {
            routes[use.check]?.remove(route)
            if routes[use.check]?.isEmpty == true { routes[use.check] = nil }
        }
        change.releasedChecks.append(use.check)
    }
}

extension BackendURL {
    /// The name that must be resolved before the backend can be reached; `nil` for an address.
    var nameToResolve: String? { address == nil ? host : nil }
}
