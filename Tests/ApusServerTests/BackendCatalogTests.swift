import HealthChecks
import ProxyModel
import Testing

@testable import ApusServer

@Suite struct BackendCatalogTests {
    @Test func aNameAndACheckComeIntoUseOnceAndLeaveWithTheirLastRoute() throws {
        var catalog = BackendCatalog()
        let first = catalog.apply(.init(upserts: [try route(1, "http://a:80"), try route(2, "http://a:80")]))
        #expect(first.newHosts == ["a"])
        #expect(first.newChecks.map(\.backend.description) == ["http://a:80"])
        #expect(first.unansweredHosts == ["a"])
        catalog.answered(["a"])
        let again = catalog.apply(.init(upserts: [try route(3, "http://a:80")]))
        #expect(again.isEmpty)
        #expect(again.unansweredHosts.isEmpty)
        #expect(catalog.apply(.init(removals: [.init(number: 1), .init(number: 2)])).isEmpty)
        let last = catalog.apply(.init(removals: [.init(number: 3)]))
        #expect(last.droppedHosts == ["a"])
        #expect(last.droppedChecks.map(\.backend.description) == ["http://a:80"])
    }

    @Test func aRouteThatChangesItsBackendLetsTheOldOneGo() throws {
        var catalog = BackendCatalog()
        _ = catalog.apply(.init(upserts: [try route(1, "http://a:80")]))
        let change = catalog.apply(.init(upserts: [try route(1, "http://b:80")]))
        #expect(change.newHosts == ["b"])
        #expect(change.droppedHosts == ["a"])
        #expect(catalog.apply(.init(upserts: [try route(1, "http://b:80")])).isEmpty)
    }

    @Test func aReplacementInOneDeltaKeepsTheBackend() throws {
        var catalog = BackendCatalog()
        _ = catalog.apply(.init(upserts: [try route(1, "http://a:80")]))
        catalog.answered(["a"])
        let change = catalog.apply(
            .init(upserts: [try route(2, "http://a:80", session: 2)], removals: [.init(number: 1)]))
        #expect(change.isEmpty)
        #expect(change.sessions == [.init(number: 1), .init(number: 2)])
    }

    @Test func addressesNeedNoLookUp() throws {
        var catalog = BackendCatalog()
        let change = catalog.apply(
            .init(upserts: [try route(1, "http://10.0.0.1:80"), try route(2, "http://[::1]:80")]))
        #expect(change.newHosts.isEmpty)
        #expect(change.newChecks.count == 2)
    }

    @Test func maintenanceBackendsAreResolvedToo() throws {
        var catalog = BackendCatalog()
        var definition = try route(1, "http://10.0.0.1:80")
        _ = catalog.apply(.init(upserts: [definition]))
        definition.maintenance = Maintenance(backend: try BackendURL(parsing: "http://page:80"))
        #expect(catalog.apply(.init(upserts: [definition])).newHosts == ["page"])
        definition.maintenance = nil
        #expect(catalog.apply(.init(upserts: [definition])).droppedHosts == ["page"])
    }

    @Test func theChecksOfALostSessionAreSuspects() throws {
        var catalog = BackendCatalog()
        _ = catalog.apply(
            .init(upserts: [try route(1, "http://10.0.0.1:80"), try route(2, "http://10.0.0.2:80", session: 2)]))
        let change = catalog.apply(.init(sessions: [.init(key: .init(number: 1), connected: false)]))
        #expect(change.suspects.map(\.backend.host) == ["10.0.0.1"])
        #expect(catalog.routes(of: change.suspects[0]) == [.init(number: 1)])
    }
}

/// A route of a session to a backend.
func route(_ number: UInt64, _ backend: String, session: UInt64 = 1) throws -> RouteDefinition {
    RouteDefinition(
        id: .init(number: number), session: .init(number: session), service: "s", instance: "i",
        domains: [try DomainPattern(parsing: "h\(number).example")], path: try RoutePath(parsing: "/"),
        backend: try BackendURL(parsing: backend))
}
