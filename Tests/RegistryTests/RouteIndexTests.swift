import ProxyModel
import RegistryProtocol
import Testing

@testable import Registry

@Suite struct RouteIndexTests {
    private func route(_ domain: String, _ path: String = "/", priority: Int = 0) throws -> RouteSpecification {
        RouteSpecification(
            domains: try DomainPattern.parseList(domain), path: try RoutePath(parsing: path),
            backend: try BackendURL(parsing: "http://a:1"), priority: priority)
    }

    private func site(_ domain: String, _ path: String = "/") throws -> RouteIndex.Site {
        RouteIndex.Site(domain: try DomainPattern(parsing: domain), path: path)
    }

    @Test func `a route is found by each of its domains, in its own session, with its own priority`() throws {
        var index = RouteIndex()
        let (key, other) = (SessionKey(number: 1), SessionKey(number: 2))
        index.insert(
            RouteID(number: 7), try route("a.example,*.example", "/x", priority: 3), session: key, service: "s")
        for domain in ["a.example", "*.example"] {
            #expect(index.route(of: key, at: try site(domain, "/x"), priority: 3) == RouteID(number: 7))
        }
        #expect(index.route(of: key, at: try site("a.example", "/x"), priority: 0) == nil)
        #expect(index.route(of: key, at: try site("a.example", "/"), priority: 3) == nil)
        #expect(index.route(of: other, at: try site("a.example", "/x"), priority: 3) == nil)
        index.checkInvariants()
    }

    @Test func `the first service owns a site until its last route there is gone`() throws {
        var index = RouteIndex()
        let place = try site("a.example")
        let (low, high) = (try route("a.example"), try route("a.example", priority: 5))
        for (number, service, value) in [(1, "blue", low), (2, "blue", low), (3, "green", low), (4, "green", high)] {
            let key = SessionKey(number: UInt64(number))
            index.insert(RouteID(number: UInt64(number)), value, session: key, service: service)
        }
        #expect(index.owner(of: place) == "blue")
        #expect(index.shares(at: place, otherThan: "blue").map(\.priority) == [0, 5])
        #expect(index.shares(at: place, otherThan: "green").map(\.count) == [2])
        for number in 1...2 {
            #expect(index.owner(of: place) == "blue")
            let key = SessionKey(number: UInt64(number))
            index.remove(RouteID(number: UInt64(number)), low, session: key, service: "blue")
            index.checkInvariants()
        }
        #expect(index.owner(of: place) == "green")
        index.remove(RouteID(number: 3), low, session: SessionKey(number: 3), service: "green")
        index.remove(RouteID(number: 4), high, session: SessionKey(number: 4), service: "green")
        #expect(index.owner(of: place) == nil && index.siteCount == 0 && index.claimCount == 0)
        index.checkInvariants()
    }

    @Test func `the places of sites that are gone are used again`() throws {
        var index = RouteIndex()
        let key = SessionKey(number: 1)
        for number in 0..<1000 {
            let value = try route("\(number).example")
            index.insert(RouteID(number: 1), value, session: key, service: "s")
            index.checkInvariants()
            index.remove(RouteID(number: 1), value, session: key, service: "s")
        }
        #expect(index.siteCount == 0)
        index.checkInvariants()
    }
}
