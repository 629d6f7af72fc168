import ProxyModel
import Registry

extension Simulation {
    /// ROUTE_ADD, ROUTE_ADD_BULK, ROUTE_UPDATE or ROUTE_REMOVE.
    func sendRouteCommand(_ session: String, _ number: Int, on id: ConnectionID) {
        switch random.below(10) {
        case ..<4: sendAdd(session, number, on: id)
        case 4: sendBulk(session, number, on: id)
        case ..<8: sendUpdate(session, number, on: id)
        default:
            let route = someRoute(of: number)
            let answer = oracle.remove(route, in: number, now: now.monotonic)
            command("ROUTE_REMOVE", session, ["r\(route)"], on: id, [answer])
        }
    }

    private func sendAdd(_ session: String, _ number: Int, on id: ConnectionID) {
        let route = makeRoute()
        let ids = oracle.add([route], to: number, now: now.monotonic)
        let answer = ids.map { "ROUTE_OK|r\($0[0])" } ?? "ERROR|too many *"
        let fields = [route.domains.joined(separator: ","), route.path, route.backend, String(route.priority)]
        command("ROUTE_ADD", session, fields, on: id, [answer])
    }

    private func sendBulk(_ session: String, _ number: Int, on id: ConnectionID) {
        let routes = (0..<random.below(4)).map { _ in makeRoute() }
        let isBroken = random.chance(10)
        var objects = routes.map { route in
            let domains = route.domains.map { "\"\($0)\"" }.joined(separator: ",")
            return "{\"domains\":[\(domains)],\"path\":\"\(route.path)\",\"backend_url\":\"\(route.backend)\","
                + "\"priority\":\(route.priority)}"
        }
        if isBroken { objects.append("{\"domains\":[\"a|b\"]}") }
        var answer = "ERROR|*"
        if !isBroken, let ids = oracle.add(routes, to: number, now: now.monotonic) {
            let results = ids.map { "{\"route_id\":\"r\($0)\",\"status\":\"ok\"}" }
            answer = "ROUTE_BULK_OK|[\(results.joined(separator: ","))]"
        }
        command("ROUTE_ADD_BULK", session, ["[\(objects.joined(separator: ","))]"], on: id, [answer])
    }

    private func sendUpdate(_ session: String, _ number: Int, on id: ConnectionID) {
        let (route, value) = (someRoute(of: number), makeRoute())
        let time = now.monotonic
        let (field, text, answer): (String, String, String) =
            switch random.below(4) {
            case 0:
                (
                    "backend_url", value.backend,
                    oracle.update(route, in: number, now: time) { $0.backend = value.backend }
                )
            case 1:
                (
                    "priority", String(value.priority),
                    oracle.update(route, in: number, now: time) { $0.priority = value.priority }
                )
            case 2:
                (
                    "domains", value.domains.joined(separator: ","),
                    oracle.update(route, in: number, now: time) { $0.domains = value.domains }
                )
            default: ("path", value.path, oracle.update(route, in: number, now: time) { $0.path = value.path })
            }
        command("ROUTE_UPDATE", session, ["r\(route)", field, text], on: id, [answer])
    }

    /// Few different values, so that routes meet each other.
    private func makeRoute() -> Oracle.Route {
        let domains = ["a.example", "b.example", "*.example", "*"]
        let first = random.below(domains.count)
        let chosen = random.chance(70) ? [domains[first]] : [domains[first], domains[(first + 1) % domains.count]]
        return Oracle.Route(
            domains: chosen, path: random.pick(["/", "/api", "/api/v2", "/x", "/y", "/z"]) ?? "/",
            backend: "http://10.0.0.\(random.below(5)):8080", priority: random.pick([0, 0, 0, 10]) ?? 0)
    }

    /// Mostly one of the session's routes, sometimes another's or none.
    func someRoute(of number: Int) -> UInt64 {
        if random.chance(97), let session = oracle.sessions[number] {
            let ids = Set(session.routes.keys).union(session.staged.keys).sorted()
            if let id = random.pick(ids) { return id }
        }
        return UInt64(random.below(Int(oracle.nextRoute) + 5))
    }

    /// HEADERS_SET, HEADERS_REMOVE, OPTIONS_SET, OPTIONS_REMOVE, HEALTH_SET, RATELIMIT_SET or CIRCUIT_BREAKER_SET.
    func sendSetting(_ session: String, _ number: Int, on id: ConnectionID) {
        // The number 0 stands for ALL; what a removed route number 0 would be is no route id of any session.
        let target = random.chance(30) ? 0 : max(1, someRoute(of: number))
        let name = target == 0 ? "ALL" : "r\(target)"
        let value = String(random.below(900) + 1)
        let header = random.pick(["X-A", "X-B"]) ?? "X-A"
        let time = now.monotonic
        switch random.below(7) {
        case 0, 1:
            oracle.set("h:\(header.lowercased())", value, target: target, in: number, now: time)
            command("HEADERS_SET", session, [name, header, value], on: id, ["HEADERS_OK"])
        case 2:
            oracle.set("h:\(header.lowercased())", nil, target: target, in: number, now: time)
            command("HEADERS_REMOVE", session, [name, header], on: id, ["HEADERS_OK"])
        case 3:
            oracle.set("o:weight", value, target: target, in: number, now: time)
            command("OPTIONS_SET", session, [name, "weight", value], on: id, ["OPTIONS_OK"])
        case 4:
            oracle.set("o:weight", nil, target: target, in: number, now: time)
            command("OPTIONS_REMOVE", session, [name, "weight"], on: id, ["OPTIONS_OK"])
        case 5:
            oracle.set("rate", value, target: target, in: number, now: time)
            command("RATELIMIT_SET", session, [name, value, "1m"], on: id, ["RATELIMIT_OK"])
        default:
            if target == 0 {
                oracle.set("circuit", value, target: target, in: number, now: time)
                command("CIRCUIT_BREAKER_SET", session, [name, value, "30s", "2"], on: id, ["CIRCUIT_OK"])
            } else {
                oracle.set("health", "/h\(value)", target: target, in: number, now: time)
                command("HEALTH_SET", session, [name, "/h\(value)", "10s", "2s"], on: id, ["HEALTH_OK"])
            }
        }
    }
}
