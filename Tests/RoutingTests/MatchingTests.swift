import ProxyModel
import Routing
import Testing

/// Which route wins, by the rules of the registry protocol.
@Suite struct MatchingTests {
    @Test func `An empty table knows no host`() {
        let table = RoutingTable()
        #expect(table.lookup("example.com", "/").isUnknownHost)
        #expect(table.lookup("", "/").isUnknownHost)
        #expect(!table.lookup("example.com", "/").isNoPath)
    }

    @Test(arguments: [
        ("example.com", true), ("EXAMPLE.Com", true), ("www.example.com", false),
        ("example.co", false), ("example.comx", false), ("xample.com", false), ("", false),
    ])
    func `An exact domain matches its host in any case`(host: String, matches: Bool) throws {
        var table = RoutingTable(seed: 7)
        try table.add(1, "example.com", "/")
        #expect(table.lookup(host, "/").isGroup == matches)
        #expect(table.lookup(host, "/").isUnknownHost != matches)
    }

    @Test(arguments: [
        ("www.example.com", true), ("a.b.example.com", true), ("WWW.Example.COM", true), ("example.com", false),
        (".example.com", false), ("wwwexample.com", false), ("www.example.com.org", false), ("com", false),
    ])
    func `A wildcard matches one or more labels below its name`(host: String, matches: Bool) throws {
        var table = RoutingTable(seed: 7)
        try table.add(1, "*.example.com", "/")
        #expect(table.lookup(host, "/").isGroup == matches)
    }

    @Test(arguments: ["a", "ab.cd", "a_b.example.com", "[2001:db8::1]", "12345678", "12345678.1234567", "x.y.z"])
    func `Names of every length and kind of character match themselves alone`(name: String) throws {
        var table = RoutingTable(seed: 3)
        try table.add(1, name, "/")
        #expect(table.lookup(name, "/").isGroup)
        #expect(table.lookup(name + "x", "/").isUnknownHost)
        #expect(table.lookup("x" + name, "/").isUnknownHost)
        #expect(table.lookup(String(name.dropLast()), "/").isUnknownHost)
        #expect(table.describe(table.lookup(name, "/").group).description == name + "/")
    }

    @Test func `The asterisk matches any host, also a missing and an overlong one`() throws {
        var table = RoutingTable()
        try table.add(1, "*", "/")
        #expect(table.routes("anything", "/x") == [1])
        #expect(table.routes("", "/") == [1])
        #expect(table.routes(String(repeating: "a.", count: 400) + "b", "/") == [1])
    }

    @Test func `Exact beats the longer wildcard, that the shorter one, and that the asterisk`() throws {
        var table = RoutingTable(seed: 1)
        try table.add(1, "*", "/")
        try table.add(2, "*.com", "/")
        try table.add(3, "*.example.com", "/")
        try table.add(4, "*.b.example.com", "/")
        try table.add(5, "a.b.example.com", "/")
        let hosts = ["a.b.example.com", "x.b.example.com", "b.example.com", "example.com", "example.org"]
        #expect(hosts.map { table.routes($0, "/") } == [[5], [4], [3], [2], [1]])
    }

    @Test(arguments: [
        ("/api", true), ("/api/", true), ("/api/x", true), ("/api//x", true), ("/apix", false), ("/ap", false),
        ("/", false), ("/API", false), ("", false), ("*", false), ("api", false), ("/x/api", false),
    ])
    func `A path matches whole segments`(path: String, matches: Bool) throws {
        var table = RoutingTable(seed: 9)
        try table.add(1, "example.com", "/api")
        #expect(table.lookup("example.com", path).isGroup == matches)
        #expect(table.lookup("example.com", path).isNoPath != matches)
    }

    @Test func `What is no path is served by the root path`() throws {
        var table = RoutingTable()
        try table.add(1, "example.com", "/")
        try table.add(2, "example.com", "/a")
        #expect(table.routes("example.com", "*") == [1])
        #expect(table.routes("example.com", "") == [1])
    }

    @Test func `The longest path wins, and its length is told`() throws {
        var table = RoutingTable(seed: 2)
        let paths = ["/", "/a", "/a/b", "/a/b/c12345678901234", "/a/b/c12345678901234/5/6/7/8/9/10"]
        for (index, path) in paths.enumerated() { try table.add(UInt64(index), "example.com", path) }
        for (index, path) in paths.enumerated() {
            for suffix in ["", "/", "/zzz", "//"] {
                let match = table.lookup("example.com", path + suffix)
                #expect(match.isGroup && table.ids(of: match.group) == [UInt64(index)])
                #expect(Int(match.pathLength) == path.utf8.count)
            }
        }
    }

    @Test func `Priority goes before the length of the path, and that before the domain`() throws {
        var table = RoutingTable(seed: 2)
        try table.add(1, "example.com", "/a/b")
        try table.add(2, "*", "/a/b/c")
        #expect(table.routes("example.com", "/a/b/c") == [2])
        try table.add(3, "*.com", "/", priority: 1)
        #expect(table.routes("example.com", "/a/b/c") == [3])
        try table.add(4, "*", "/a", priority: 1)
        #expect(table.routes("example.com", "/a/b/c") == [4])
        try table.add(5, "example.com", "/a", priority: 1)
        #expect(table.routes("example.com", "/a/b/c") == [5])
        try table.add(6, "example.com", "/a/b", priority: Int.min)
        try table.add(7, "*", "/", priority: Int.max)
        #expect(table.routes("example.com", "/a/b/c") == [7])
    }

    @Test func `A claimed host without a route for the path is not an unknown host`() throws {
        var table = RoutingTable()
        try table.add(1, "*.example.com", "/api")
        #expect(table.lookup("a.example.com", "/").isNoPath)
        #expect(table.lookup("a.example.org", "/").isUnknownHost)
        try table.add(2, "*", "/all")
        #expect(table.lookup("a.example.org", "/").isNoPath)
        table.drop(1)
        table.drop(2)
        #expect(table.lookup("a.example.com", "/").isUnknownHost)
    }

    @Test func `Names with more labels than are told apart are found all the same`() throws {
        let deep = String(repeating: "a.", count: 100) + "example.com"
        var table = RoutingTable()
        try table.add(1, "*." + deep, "/")
        try table.add(2, deep, "/")
        #expect(table.routes("x." + deep, "/") == [1])
        #expect(table.routes(deep, "/") == [2])
        #expect(table.lookup("x" + deep, "/").isUnknownHost)
    }

    @Test func `A host is looked at where it is, whatever stands around it`() throws {
        var table = RoutingTable(seed: 5)
        try table.add(1, "ab.io", "/p")
        let bytes = Array("xxab.io/p/qab.io".utf8)
        let match = table.lookup(host: bytes.span.extracting(2..<7), path: bytes.span.extracting(7..<11))
        #expect(match.isGroup && match.pathLength == 2)
        #expect(table.lookup(host: bytes.span.extracting(2..<6), path: bytes.span).isUnknownHost)
    }
}
