import ProxyModel
import Registry
import RegistryProtocol
import Testing

/// A shell without I/O around a registry: a clock that tests move, lines in, lines out.
final class Harness {
    var registry: Registry
    /// 2024-12-20T10:30:00Z.
    var now = Moment(monotonic: MonotonicTime(nanoseconds: 1_000_000_000_000), wall: WallTime(seconds: 1_734_690_600))
    /// Whether publications complete at once; else they wait for ``publishAll()``.
    var publishesAtOnce = true
    /// What clients read and have not been asked for yet.
    var lines: [ConnectionID: [String]] = [:]
    /// Connections that the registry closed.
    var closed: Set<ConnectionID> = []
    /// All log lines.
    var logs: [String] = []
    /// All deltas, in order.
    var deltas: [RoutingDelta] = []
    /// What the workers serve: all deltas applied.
    var served: [RouteID: RouteDefinition] = [:]
    /// The states of the sessions as the workers know them.
    var states: [SessionKey: SessionState] = [:]
    /// Effects that wait for an answer.
    var pendingPublications: [EffectToken] = []
    var pendingEffects: [RegistryAction] = []

    private var nextConnection: UInt64 = 1
    private var nextRandom: UInt64 = 0x1122_3344_5566_7788

    init(_ configuration: RegistryConfiguration = RegistryConfiguration(), firstRouteNumber: UInt64 = 1) {
        registry = Registry(configuration: configuration, firstRouteNumber: firstRouteNumber)
    }

    func connect() -> ConnectionID {
        let id = ConnectionID(number: nextConnection)
        nextConnection += 1
        perform(registry.connectionOpened(id, now: now))
        return id
    }

    func disconnect(_ id: ConnectionID) {
        perform(registry.connectionClosed(id, now: now))
    }

    /// Sends a line and returns what came back by then, the answer and events joined by LF.
    @discardableResult
    func send(_ line: String, on id: ConnectionID) -> String {
        nextRandom &+= 1
        perform(registry.lineReceived(Array(line.utf8), on: id, now: now, random: (nextRandom, 7)))
        return take(id).joined(separator: "\n")
    }

    /// What a connection got since last asked.
    func take(_ id: ConnectionID) -> [String] {
        defer { lines[id] = nil }
        return lines[id] ?? []
    }

    func advance(_ duration: Duration) {
        let end = now.monotonic + duration
        // In steps of the deadlines, as a shell with a timer does.
        while let next = registry.nextDeadline, next <= end {
            move(to: max(next, now.monotonic))
            perform(registry.tick(now: now))
        }
        move(to: end)
    }

    private func move(to time: MonotonicTime) {
        let start = MonotonicTime(nanoseconds: 1_000_000_000_000)
        now = Moment(
            monotonic: time, wall: WallTime(seconds: 1_734_690_600 + (time - start).components.seconds))
    }

    func publishAll() {
        while !pendingPublications.isEmpty {
            perform(registry.published(pendingPublications.removeFirst(), now: now))
        }
    }

    /// Registers `service` as `instance` on a new connection.
    func register(_ service: String = "orbat", _ instance: String = "orbat.1") -> Client {
        let connection = connect()
        let reply = send("REGISTER|\(service)|\(instance)|3001|{}", on: connection)
        #expect(reply.hasPrefix("ACK|\(instance)-3001-"))
        return Client(harness: self, connection: connection, id: String(reply.dropFirst(4)))
    }

    func perform(_ actions: [RegistryAction]) {
        for action in actions {
            switch action {
            case .reply(let id, let line), .event(let id, let line): lines[id, default: []].append(line)
            case .noReply: break
            case .close(let id): closed.insert(id)
            case .publish(let delta, let token):
                serve(delta)
                pendingPublications.append(token)
            case .log(_, let message): logs.append(message)
            case .testBackend, .probeBackend, .queryStatistics, .queryActivity, .queryCircuit, .resetCircuits:
                pendingEffects.append(action)
            }
        }
        registry.checkInvariants()
        if publishesAtOnce { publishAll() }
    }

    private func serve(_ delta: RoutingDelta) {
        deltas.append(delta)
        for id in delta.removals { #expect(served.removeValue(forKey: id) != nil, "removed what nobody served") }
        for route in delta.upserts { served[route.id] = route }
        for state in delta.sessions { states[state.key] = state }
        for key in delta.endedSessions { #expect(states.removeValue(forKey: key) != nil, "ended what nobody knew") }
    }
}

/// One client with its session.
struct Client {
    let harness: Harness
    var connection: ConnectionID
    let id: String

    /// Sends `NAME|fields` with the session id as first field.
    @discardableResult
    func send(_ name: String, _ fields: String...) -> String {
        harness.send(([name, id] + fields).joined(separator: "|"), on: connection)
    }

    /// Stages a route and returns its id.
    @discardableResult
    func addRoute(_ domain: String, _ path: String = "/", backend: String = "http://orbat:3000", priority: Int = 0)
        -> String
    {
        let reply = send("ROUTE_ADD", domain, path, backend, String(priority))
        #expect(reply.hasPrefix("ROUTE_OK|r"))
        return String(reply.dropFirst(9))
    }

    /// Stages a route, applies it and returns its id.
    @discardableResult
    func applyRoute(_ domain: String, _ path: String = "/", backend: String = "http://orbat:3000", priority: Int = 0)
        -> String
    {
        let id = addRoute(domain, path, backend: backend, priority: priority)
        #expect(send("CONFIG_APPLY") == "OK")
        return id
    }

    func disconnect() { harness.disconnect(connection) }
}
