import ProxyModel
import Registry

extension Simulation {
    /// DRAIN_START, DRAIN_CANCEL, MAINT_ENTER or MAINT_EXIT.
    func sendOperation(_ session: String, _ number: Int, on id: ConnectionID) {
        switch random.below(6) {
        case 0:
            if oracle.sessions[number]?.drainStart == nil {
                oracle.sessions[number]?.drainStart = now.monotonic
                command("DRAIN_START", session, ["30s"], on: id, ["DRAIN_OK|*"])
            } else {
                command("DRAIN_START", session, ["1m"], on: id, ["ERROR|drain already in progress*"])
            }
        case 1:
            let isDraining = oracle.sessions[number]?.drainStart != nil
            oracle.sessions[number]?.drainStart = nil
            command("DRAIN_CANCEL", session, [], on: id, [isDraining ? "DRAIN_OK" : "ERROR|no drain in progress"])
        case 2, 3: sendEnter(session, number, on: id)
        default: sendExit(session, number, on: id)
        }
    }

    /// The routes that a target means, `nil` where it names one that is not active.
    private func makeTarget(_ number: Int) -> (text: String, routes: [UInt64]?) {
        guard let session = oracle.sessions[number] else { return ("ALL", nil) }
        if random.chance(40) { return ("ALL", session.routes.keys.sorted()) }
        let ids = (0...random.below(2)).map { _ in someRoute(of: number) }
        let text = ids.map { "r\($0)" }.joined(separator: ",")
        return (text, ids.allSatisfy { session.routes[$0] != nil } ? ids : nil)
    }

    private func sendEnter(_ session: String, _ number: Int, on id: ConnectionID) {
        let (target, routes) = makeTarget(number)
        let task = oracle.nextTask
        oracle.nextTask += 1
        let backend = random.chance(30) ? "" : "http://maintenance-\(task):3001"
        guard let routes else {
            command("MAINT_ENTER", session, [target, backend], on: id, ["ERROR|*"])
            return
        }
        for route in routes { oracle.sessions[number]?.maintenance[route] = (backend, task) }
        if target == "ALL" { oracle.sessions[number]?.maintenanceLater = (backend, task) }
        command("MAINT_ENTER", session, [target, backend], on: id, ["ACK"])
    }

    private func sendExit(_ session: String, _ number: Int, on id: ConnectionID) {
        let (target, routes) = makeTarget(number)
        guard let routes else {
            command("MAINT_EXIT", session, [target], on: id, ["ERROR|*"])
            return
        }
        for route in routes { oracle.sessions[number]?.maintenance[route] = nil }
        if target == "ALL" { oracle.sessions[number]?.maintenanceLater = nil }
        command("MAINT_EXIT", session, [target], on: id, ["ACK"])
    }

    /// A command that changes no route.
    func sendQuestion(_ session: String, _ number: Int, on id: ConnectionID) {
        guard let state = oracle.sessions[number] else { return }
        switch random.below(12) {
        case 0: command("PING", session, [], on: id, ["PONG"])
        case 1: command("SESSION_INFO", session, [], on: id, ["SESSION_OK|{\"session_id\":\"\(session)\"*"])
        case 2, 3: command("ROUTE_LIST", session, [], on: id, [oracle.list(number)])
        case 4: command("CONFIG_DIFF", session, [], on: id, [oracle.diff(number)])
        case 5: command("STATS_GET", session, ["ALL"], on: id, ["STATS_OK|*"])
        case 6:
            let isDraining = state.drainStart != nil
            // It may be taken back by another connection before the answer is known.
            let answers = isDraining ? ["DRAIN_STATUS_OK|*", "ERROR|no drain in progress"] : ["ERROR|no drain*"]
            command("DRAIN_STATUS", session, [], on: id, answers)
        case 7:
            let routes = state.maintenance.keys.sorted().map { "\"r\($0)\"" }.joined(separator: ",")
            command("MAINT_STATUS", session, [], on: id, ["MAINT_STATUS_OK|{\"in_maintenance\":[\(routes)],*"])
        case 8:
            let type = random.pick(["all", "drain_completed", "route_conflict", "cert_renewed"]) ?? "all"
            let guide: Set = ["cert_renewed", "global_config_changed", "backend_health_changed"]
            oracle.sessions[number]?.subscriptions.formUnion(type == "all" ? guide : [type])
            command("SUBSCRIBE", session, [type], on: id, ["SUBSCRIBE_OK"])
        case 9:
            let type = random.pick(["all", "drain_completed", "cert_renewed"]) ?? "all"
            if type == "all" {
                oracle.sessions[number]?.subscriptions = []
            } else {
                oracle.sessions[number]?.subscriptions.remove(type)
            }
            command("UNSUBSCRIBE", session, [type], on: id, ["UNSUBSCRIBE_OK"])
        case 10: command("BACKEND_TEST", session, ["http://b:1"], on: id, ["BACKEND_OK|*", "BACKEND_FAIL|*"])
        default:
            let route = someRoute(of: number)
            let answer = state.routes[route] == nil ? "ERROR|*" : "CIRCUIT_STATUS_OK|*"
            command("CIRCUIT_BREAKER_STATUS", session, ["r\(route)"], on: id, [answer])
            if let routes = oracle.active.keys.sorted().first {
                perform(
                    registry.healthChanged(
                        of: [RouteID(number: routes)], isHealthy: false, reason: "connection_timeout", now: now))
            }
        }
    }
}
