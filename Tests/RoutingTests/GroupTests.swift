import ProxyModel
import Routing
import Testing

/// Groups, fall-through and slots.
@Suite struct GroupTests {
    @Test func `Routes of the same domain, path and priority are one group in the order in which they came`() throws {
        var table = RoutingTable()
        for id in 1...5 { try table.add(UInt64(id), "example.com,*.example.com", "/api") }
        try table.add(6, "example.com", "/api", priority: -1)
        #expect(table.routes("example.com", "/api/x") == [1, 2, 3, 4, 5])
        table.drop(3)
        table.drop(1)
        try table.add(3, "example.com", "/api")
        #expect(table.routes("example.com", "/api/x") == [2, 4, 5, 3])
        #expect(table.routes("www.example.com", "/api/x") == [2, 4, 5])
        table.checkInvariants()
    }

    @Test(arguments: ["/", "/api"])
    func `Fall-through visits the priorities of the same domain and path downwards`(path: String) throws {
        var table = RoutingTable()
        for (id, priority) in [(1, 0), (2, 20), (3, -5), (4, 10), (5, 20)] {
            try table.add(UInt64(id), "example.com", path, priority: priority)
        }
        try table.add(6, "*", path, priority: 5)
        #expect(chain(table, path) == [[2, 5], [4], [1], [3]])
        table.drop(4)
        #expect(chain(table, path) == [[2, 5], [1], [3]])
        table.drop(2)
        table.drop(5)
        table.checkInvariants()
        #expect(table.routes("example.com", path) == [6])
        table.drop(6)
        #expect(chain(table, path) == [[1], [3]])
        table.drop(3)
        table.drop(1)
        #expect(table.lookup("example.com", path).isUnknownHost)
        table.checkInvariants()
    }

    private func chain(_ table: borrowing RoutingTable, _ path: String) -> [[UInt64]] {
        let match = table.lookup("example.com", path)
        var next: GroupIndex? = match.isGroup ? match.group : nil
        var chain: [[UInt64]] = []
        while let group = next {
            chain.append(table.ids(of: group))
            next = table.nextLower(group)
        }
        return chain
    }

    @Test func `A route keeps its slot while it lives, also when it moves`() throws {
        var table = RoutingTable()
        let first = try table.add(1, "a.com,b.com", "/x")
        let second = try table.add(2, "a.com", "/x")
        #expect(first != second)
        #expect(try table.add(1, "a.com,b.com", "/x") == first)
        #expect(table.routes("a.com", "/x") == [1, 2], "nothing has changed: it keeps its place")
        #expect(try table.add(1, "b.com,c.com", "/y", priority: 3) == first)
        #expect(table.routes("a.com", "/x") == [2])
        #expect(table.routes("c.com", "/y/z") == [1])
        #expect(table.lookup("b.com", "/x").isNoPath)
        #expect(table.slot(of: RouteID(number: 1)) == first)
        #expect(table.id(ofSlot: first) == RouteID(number: 1))
        let groups = table.groups(ofSlot: first).map { table.describe($0).description }
        #expect(groups == ["b.com/y (priority 3)", "c.com/y (priority 3)"])
        table.checkInvariants()
    }

    @Test func `A slot is handed out again only after its release`() throws {
        var table = RoutingTable()
        let slot = try table.add(1, "a.com", "/")
        #expect(table.remove(id: RouteID(number: 1)) == slot)
        #expect(table.lookup("a.com", "/").isUnknownHost)
        #expect(table.slot(of: RouteID(number: 1)) == nil)
        #expect(table.remove(id: RouteID(number: 1)) == nil)
        let other = try table.add(1, "a.com", "/")
        #expect(other != slot, "requests in flight still name the old slot")
        table.release(slot: slot)
        #expect(try table.add(3, "a.com", "/") == slot)
        #expect(table.slotBound == 2)
        #expect(table.count == 2)
        table.checkInvariants()
    }

    @Test func `A domain that is named twice counts once`() throws {
        var table = RoutingTable()
        let domain = try DomainPattern(parsing: "a.com")
        let path = try RoutePath(parsing: "/")
        _ = table.upsert(id: RouteID(number: 1), domains: [domain, domain], path: path, priority: 0)
        #expect(table.routes("a.com", "/") == [1])
        _ = table.upsert(id: RouteID(number: 1), domains: [], path: path, priority: 0)
        #expect(table.lookup("a.com", "/").isUnknownHost)
        #expect(table.count == 1)
        table.drop(1)
        table.checkInvariants()
    }

    @Test func `Groups are described as the registry writes them`() throws {
        var table = RoutingTable()
        for (id, text) in ["a_b.example.com", "*.example.com", "*", "[::1]"].enumerated() {
            let slot = try table.add(UInt64(id), text, "/long/path/of%2Fsegments", priority: 7)
            let group = try #require(table.groups(ofSlot: slot).first)
            #expect(table.describe(group).domain == text)
            #expect(table.describe(group).path == "/long/path/of%2Fsegments")
            #expect(table.describe(group).priority == 7)
        }
    }

    @Test func `Removing all leaves nothing behind, and memory is used again`() throws {
        var table = RoutingTable(seed: 11)
        var bound = 0
        for round in 0..<5 {
            for id in 1...300 {
                try table.add(
                    UInt64(id), "h\(id % 40).example.com,*.w\(id % 7).com", "/p\(id % 11)/q\(id % 3)", priority: id % 2)
            }
            table.checkInvariants()
            for id in 1...300 { table.drop(UInt64(id * 7 % 300 + 1)) }
            table.checkInvariants()
            #expect(table.count == 0)
            #expect(table.lookup("h1.example.com", "/p1/q1").isUnknownHost)
            if round == 0 { bound = table.slotBound }
        }
        #expect(table.slotBound == bound)
    }
}
