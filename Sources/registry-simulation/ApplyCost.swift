import ProxyModel
import Registry

/// Measures what one ROUTE_ADD with CONFIG_APPLY costs with many routes in force: by itself, without shell and workers.
struct ApplyCost {
    /// Active routes, all of one session.
    var routes: Int
    /// Pairs of commands that are measured.
    var applies: Int

    /// Prints the percentiles of both commands together, and of a change of ALL's settings.
    func run() {
        var bench = RegistryBench()
        let session = bench.register("bulk")
        let other = bench.register("small")
        let before = Environment.residentBytes
        for number in 0..<routes {
            _ = bench.send("ROUTE_ADD|\(session)|d\(number).example.com|/api/v\(number % 7)|http://10.0.0.1:8080|0")
            if number % 10 == 9 { _ = bench.send("CONFIG_APPLY|\(session)") }
        }
        _ = bench.send("CONFIG_APPLY|\(session)")
        print("\(routes) routes: \((Environment.residentBytes - before) / routes) bytes of resident memory per route")
        for (name, id) in [("session with all routes", session), ("session with few routes", other)] {
            var times: [Duration] = []
            for number in 0..<applies {
                let start = ContinuousClock.now
                let reply = bench.send("ROUTE_ADD|\(id)|x\(number).example.com|/|http://10.0.0.2:8080|0")
                _ = bench.send("CONFIG_APPLY|\(id)")
                times.append(ContinuousClock.now - start)
                _ = bench.send("ROUTE_REMOVE|\(id)|\(reply.dropFirst(9))")
                _ = bench.send("CONFIG_APPLY|\(id)")
            }
            times.sort()
            print(
                "\(routes) routes, \(name): median \(times[times.count / 2]), p99 \(times[times.count * 99 / 100]), "
                    + "most \(times[times.count - 1])")
        }
        let start = ContinuousClock.now
        _ = bench.send("HEADERS_SET|\(session)|ALL|X-Version|1")
        _ = bench.send("CONFIG_APPLY|\(session)")
        print("\(routes) routes, a header for ALL: \(ContinuousClock.now - start)")
    }
}

/// Applies for a long time with many routes in force: neither cost nor memory may grow.
struct ApplySoak {
    /// Active routes that stay, of sessions of 1,000 each.
    var routes: Int
    /// Applies; every second one adds a route, the other removes it again.
    var applies: Int

    /// Prints the 99th percentile of the first and the last 10,000 applies, and the growth of memory.
    func run() {
        var bench = RegistryBench()
        for first in stride(from: 0, to: routes, by: 1000) {
            let session = bench.register("service-\(first)")
            for number in first..<first + 1000 {
                _ = bench.send("ROUTE_ADD|\(session)|d\(number).example.com|/api|http://10.0.0.1:8080|0")
            }
            _ = bench.send("CONFIG_APPLY|\(session)")
        }
        let session = bench.register("busy")
        var window: [Duration] = []
        var first: Duration = .zero
        var before = 0
        for number in 0..<applies / 2 {
            if number * 2 == min(10_000, applies / 2) {
                first = Self.percentile99(window)
                before = Environment.residentBytes
            }
            if number % 5_000 == 0 { window.removeAll(keepingCapacity: true) }
            let start = ContinuousClock.now
            let reply = bench.send("ROUTE_ADD|\(session)|x\(number).example.com|/|http://10.0.0.2:8080|0")
            _ = bench.send("CONFIG_APPLY|\(session)")
            let middle = ContinuousClock.now
            _ = bench.send("ROUTE_REMOVE|\(session)|\(reply.dropFirst(9))")
            _ = bench.send("CONFIG_APPLY|\(session)")
            window += [middle - start, ContinuousClock.now - middle]
        }
        let after = Environment.residentBytes
        print(
            "\(applies) applies over \(routes) routes: p99 of the first 10,000 \(first), of the last "
                + "\(Self.percentile99(window)); resident memory \(before >> 10) KiB, then \(after >> 10) KiB")
    }

    private static func percentile99(_ times: [Duration]) -> Duration {
        times.isEmpty ? .zero : times.sorted()[times.count * 99 / 100]
    }
}

/// A registry whose publications complete at once, on a clock that stands still.
struct RegistryBench: ~Copyable {
    private var registry: Registry
    private let connection = ConnectionID(number: 1)
    private var random: UInt64 = 0
    private let now = Moment(monotonic: .zero, wall: WallTime(seconds: 1_700_000_000))

    init() {
        registry = Registry(configuration: RegistryConfiguration())
        _ = registry.connectionOpened(connection, now: now)
    }

    /// Registers an instance and returns its session id.
    mutating func register(_ name: String) -> String {
        String(send("REGISTER|\(name)|\(name)|1|").dropFirst(4))
    }

    /// Sends a line and returns the answer.
    mutating func send(_ line: String) -> String {
        random += 1
        var answer = ""
        var actions = registry.lineReceived(Array(line.utf8), on: connection, now: now, random: (random, random))
        while !actions.isEmpty {
            var later: [RegistryAction] = []
            for action in actions {
                switch action {
                case .reply(_, let text): answer = text
                case .publish(_, let token): later += registry.published(token, now: now)
                default: break
                }
            }
            actions = later
        }
        return answer
    }
}
