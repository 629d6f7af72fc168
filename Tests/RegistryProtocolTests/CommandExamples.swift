import ProxyModel
import Testing

@testable import RegistryProtocol

/// One valid line of each command that has a session id, without a transaction id, and what it means.
struct CommandExample: Sendable, CustomTestStringConvertible {
    var line: String
    var command: Command

    var testDescription: String { line }

    init(_ line: String, _ command: Command) {
        (self.line, self.command) = (line, command)
    }

    /// The line with a transaction id behind the session id.
    func line(withTransactionID id: String) -> String {
        let fields = line.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
        return (fields.prefix(2) + [Substring(id)] + fields.dropFirst(2)).joined(separator: "|")
    }

    private static func make() throws -> [CommandExample] {
        let route = RouteID(number: 1)
        let backend = try BackendURL(parsing: "http://orbat:3001")
        let version = try HeaderField(name: "X-Service-Version", value: "1.2.3")
        return [
            .init("CLIENT_SHUTDOWN|s", .clientShutdown),
            .init("PING|s", .ping),
            .init("SESSION_INFO|s", .sessionInfo),
            .init(
                "ROUTE_ADD|s|orbat.example.de,www.orbat.example.de|/api|http://orbat:3000|10",
                .routeAdd(try specification("orbat.example.de,www.orbat.example.de", "/api", "http://orbat:3000", 10))),
            .init("ROUTE_ADD|s|a|/|http://b|", .routeAdd(try specification("a", "/", "http://b"))),
            .init(
                #"ROUTE_ADD_BULK|s|[{"domains":["a"],"path":"/v1","backend_url":"http://b:9000","priority":-1}]"#,
                .routeAddBulk([try specification("a", "/v1", "http://b:9000", -1)])),
            .init("ROUTE_UPDATE|s|r1|backend_url|http://orbat:3001", .routeUpdate(route, .backend(backend))),
            .init("ROUTE_UPDATE|s|r1|priority|-7", .routeUpdate(route, .priority(-7))),
            .init("ROUTE_UPDATE|s|r1|path|/x/", .routeUpdate(route, .path(try RoutePath(parsing: "/x")))),
            .init(
                "ROUTE_UPDATE|s|r1|domains|a, *.b",
                .routeUpdate(route, .domains(try DomainPattern.parseList("a,*.b")))),
            .init("ROUTE_REMOVE|s|r1", .routeRemove(route)),
            .init("ROUTE_LIST|s", .routeList(compressed: false)),
            .init("ROUTE_LIST|s|compressed", .routeList(compressed: true)),
            .init("HEADERS_SET|s|ALL|X-Service-Version|1.2.3", .headersSet(.all, version)),
            .init("HEADERS_SET|s|r1|X-Service-Version| 1.2.3 ", .headersSet(.route(route), version)),
            .init("HEADERS_REMOVE|s|r1|x-A", .headersRemove(.route(route), name: "x-A")),
            .init("OPTIONS_SET|s|ALL|timeout|30s", .optionsSet(.all, .timeout(.seconds(30)))),
            .init("OPTIONS_SET|s|r1|http2|on", .optionsSet(.route(route), .http2(true))),
            .init("OPTIONS_REMOVE|s|ALL|timeout", .optionsRemove(.all, .timeout)),
            .init(
                "HEALTH_SET|s|r1|/health|1m|5",
                .healthSet(route, HealthCheckSettings(path: "/health", interval: .seconds(60), timeout: .seconds(5)))),
            .init("RATELIMIT_SET|s|ALL|100|1m", .rateLimitSet(.all, RateLimit(requests: 100, window: .seconds(60)))),
            .init(
                "CIRCUIT_BREAKER_SET|s|r1|5|30s|2",
                .circuitBreakerSet(
                    .route(route), CircuitBreakerSettings(threshold: 5, timeout: .seconds(30), halfOpenRequests: 2))),
            .init("CIRCUIT_BREAKER_STATUS|s|r1", .circuitBreakerStatus(route)),
            .init("CIRCUIT_BREAKER_RESET|s|r1", .circuitBreakerReset(.route(route))),
            .init("CIRCUIT_BREAKER_RESET|s|ALL", .circuitBreakerReset(.all)),
            .init("CONFIG_VALIDATE|s", .configValidate),
            .init("CONFIG_APPLY|s", .configApply),
            .init("CONFIG_ROLLBACK|s", .configRollback),
            .init("CONFIG_DIFF|s", .configDiff),
            .init("CONFIG_APPLY_PARTIAL|s|routes, headers", .configApplyPartial([.routes, .headers])),
            .init(
                "CONFIG_APPLY_PARTIAL|s|options,health,ratelimit,circuit_breaker,options",
                .configApplyPartial([.options, .health, .rateLimit, .circuitBreaker])),
            .init("STATS_GET|s|r1", .statsGet(.route(route), compressed: false)),
            .init("STATS_GET|s|ALL", .statsGet(.all, compressed: false)),
            .init("STATS_GET|s|", .statsGet(.none, compressed: false)),
            .init("STATS_GET|s|ALL|compressed", .statsGet(.all, compressed: true)),
            .init("DRAIN_START|s|2m", .drainStart(.seconds(120))),
            .init("DRAIN_STATUS|s", .drainStatus),
            .init("DRAIN_CANCEL|s", .drainCancel),
            .init(
                "MAINT_ENTER|s|ALL|http://orbat:3001",
                .maintenanceEnter(MaintenanceSelection(text: "ALL", targets: [.all]), backend: backend)),
            .init(
                "MAINT_ENTER|s|r1,/admin, a.example|",
                .maintenanceEnter(
                    MaintenanceSelection(
                        text: "r1,/admin, a.example",
                        targets: [
                            .route(route), .path(try RoutePath(parsing: "/admin")),
                            .domain(try DomainPattern(parsing: "a.example")),
                        ]), backend: nil)),
            .init(
                "MAINT_EXIT|s|r1", .maintenanceExit(MaintenanceSelection(text: "r1", targets: [.route(route)]))),
            .init("MAINT_STATUS|s", .maintenanceStatus),
            .init("SUBSCRIBE|s|cert_renewed", .subscribe(.certificateRenewed)),
            .init("SUBSCRIBE|s|global_config_changed", .subscribe(.globalConfigChanged)),
            .init("SUBSCRIBE|s|backend_health_changed", .subscribe(.backendHealthChanged)),
            .init("SUBSCRIBE|s|all", .subscribe(.all)),
            .init("SUBSCRIBE|s|drain_completed", .subscribe(.drainCompleted)),
            .init("UNSUBSCRIBE|s|route_conflict", .unsubscribe(.routeConflict)),
            .init("BACKEND_TEST|s|http://orbat:3001", .backendTest(backend)),
        ]
    }

    /// All of them. A value that cannot be made leaves none, which the tests notice.
    static let all: [CommandExample] = (try? make()) ?? []
}
