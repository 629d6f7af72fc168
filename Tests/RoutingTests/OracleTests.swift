import ProxyModel
import Routing
import Testing

/// The rule as the protocol states it, over a plain list of routes.
private struct Oracle {
    struct Route {
        var id: UInt64
        var domains: [DomainPattern]
        var path: String
        var priority: Int
        /// Grows with each insertion into groups.
        var age: Int
    }

    struct Candidate: Hashable {
        var domain: DomainPattern
        var path: String
        var priority: Int
    }

    var routes: [Route] = []

    static func matches(_ pattern: DomainPattern, _ host: String) -> Bool {
        let host = host.lowercased()
        switch pattern.kind {
        case .any: return true
        case .exact: return host == pattern.name
        case .wildcard: return host.hasSuffix("." + pattern.name) && host.utf8.count > pattern.name.utf8.count + 1
        }
    }

    static func matches(_ prefix: String, path: String) -> Bool {
        prefix == "/" || path == prefix || path.hasPrefix(prefix + "/")
    }

    /// The group of the request, and the ones below it; `nil` for an unknown host.
    func lookup(_ host: String, _ path: String) -> [Candidate]? {
        var all: Set<Candidate> = []
        var isClaimed = false
        for route in routes {
            for domain in route.domains where Self.matches(domain, host) {
                isClaimed = true
                if Self.matches(route.path, path: path) {
                    all.insert(Candidate(domain: domain, path: route.path, priority: route.priority))
                }
            }
        }
        guard isClaimed else { return nil }
        let sorted = all.sorted { rank($0).lexicographicallyPrecedes(rank($1)) }.reversed()
        guard let first = sorted.first else { return [] }
        return sorted.filter { $0.domain == first.domain && $0.path == first.path }
    }

    private func rank(_ candidate: Candidate) -> [Int] {
        let exactness =
            switch candidate.domain.kind {
            case .any: 0
            case .wildcard: 1 + candidate.domain.name.utf8.count { $0 == UInt8(ascii: ".") }
            case .exact: 1000
            }
        return [candidate.priority, candidate.path.utf8.count, exactness]
    }

    func members(of candidate: Candidate) -> [UInt64] {
        routes
            .filter {
                $0.priority == candidate.priority && $0.path == candidate.path
                    && $0.domains.contains(candidate.domain)
            }
            .sorted { $0.age < $1.age }
            .map(\.id)
    }
}

/// Random changes and look-ups, each compared with the oracle.
@Suite struct OracleTests {
    private static let names = ["a.com", "b.a.com", "c.b.a.com", "com", "x.org", "long-name-of-a-host.example.org"]
    private static let segments = ["a", "b", "ab", "a-segment-longer-than-eight", "12345678", "1234567"]

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `Every look-up agrees with the rule`(seed: UInt64) throws {
        var random = Random(seed: seed &* 0x9E37_79B9)
        var table = RoutingTable(seed: seed, expectedRoutes: seed % 2 == 0 ? 64 : 0)
        var oracle = Oracle()
        var removed: [Int32] = []
        let idCount = seed % 3 == 0 ? 12 : 120
        for step in 0..<1_500 {
            try change(&table, &oracle, &removed, &random, age: step, idCount: idCount)
            for _ in 0..<3 { compare(table, oracle, &random) }
            if step % 50 == 0 { table.checkInvariants() }
        }
        for route in oracle.routes { table.drop(route.id) }
        table.checkInvariants()
        #expect(table.count == 0)
    }

    private func change(
        _ table: inout RoutingTable, _ oracle: inout Oracle, _ removed: inout [Int32], _ random: inout Random,
        age: Int, idCount: Int
    ) throws {
        let id = UInt64(random.below(idCount))
        if random.below(3) == 0 {
            let slot = table.remove(id: RouteID(number: id))
            #expect((slot != nil) == oracle.routes.contains { $0.id == id })
            oracle.routes.removeAll { $0.id == id }
            if let slot { removed.append(slot) }
            if random.below(2) == 0, let slot = removed.popLast() { table.release(slot: slot) }
            return
        }
        let domains = DomainPattern.withoutRepetitions(
            try (0...random.below(3)).map { _ in try DomainPattern(parsing: pattern(&random)) })
        let path = try RoutePath(parsing: path(&random))
        let priority = random.below(4) == 0 ? random.below(5) - 2 : 0
        let before = table.slot(of: RouteID(number: id))
        let slot = table.upsert(id: RouteID(number: id), domains: domains, path: path, priority: priority)
        #expect(before == nil || before == slot)
        #expect(!removed.contains(slot), "a slot is not handed out before its release")
        let route = Oracle.Route(id: id, domains: domains, path: path.text, priority: priority, age: age)
        guard let index = oracle.routes.firstIndex(where: { $0.id == id }) else {
            oracle.routes.append(route)
            return
        }
        let old = oracle.routes[index]
        if old.domains != domains || old.path != path.text || old.priority != priority { oracle.routes[index] = route }
    }

    private func compare(_ table: borrowing RoutingTable, _ oracle: Oracle, _ random: inout Random) {
        let host = random.below(8) == 0 ? "z." + random.pick(Self.names).uppercased() : random.pick(Self.names)
        let path = path(&random) + (random.below(4) == 0 ? "/" : "")
        let match = table.lookup(host, path)
        guard let expected = oracle.lookup(host, path) else {
            #expect(match.isUnknownHost, "\(host)\(path)")
            return
        }
        guard let first = expected.first else {
            #expect(match.isNoPath, "\(host)\(path)")
            return
        }
        #expect(match.isGroup && Int(match.pathLength) == first.path.utf8.count, "\(host)\(path)")
        var group: GroupIndex? = match.isGroup ? match.group : nil
        for candidate in expected {
            #expect(group.map { table.ids(of: $0) } == oracle.members(of: candidate), "\(host)\(path)")
            group = group.flatMap { table.nextLower($0) }
        }
        #expect(group == nil, "no group is left over")
    }

    private func pattern(_ random: inout Random) -> String {
        switch random.below(8) {
        case 0: "*"
        case 1, 2: "*." + random.pick(Self.names)
        default: random.pick(Self.names)
        }
    }

    private func path(_ random: inout Random) -> String {
        let depth = random.below(10) == 0 ? random.below(12) : random.below(4)
        if depth == 0 { return "/" }
        return (0..<depth).map { _ in "/" + random.pick(Self.segments) }.joined()
    }
}
