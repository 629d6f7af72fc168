import ProxyModel
import Testing

@testable import RegistryProtocol

/// Every field that can be wrong, with the whole text of the answer.
@Suite struct FieldErrorTests {
    @Test(arguments: [
        (
            "ROUTE_ADD|s||/|http://a|0",
            #"invalid domain "": it is empty; expected a host name, *.example.com or *"#
        ),
        (
            "ROUTE_ADD|s|a:80|/|http://a|0",
            #"invalid domain "a:80": a port is not part of a domain; expected a host name, *.example.com or *"#
        ),
        ("ROUTE_ADD|s|a|api|http://a|0", #"invalid path "api": expected a path that begins with /"#),
        ("ROUTE_ADD|s|a|/..|http://a|0", #"invalid path "/..": expected a path that does not lead above the root"#),
        (
            "ROUTE_ADD|s|a|/|orbat:3000|0",
            #"invalid backend URL "orbat:3000": it has no scheme; expected SCHEME://HOST[:PORT][/PATH] with the "#
                + "scheme http, https, ws, wss, h2c, grpc or grpcs"
        ),
        (
            "ROUTE_ADD|s|a|/|http://a|high",
            #"invalid priority "high": expected a whole number from -2147483648 to 2147483647"#
        ),
        ("ROUTE_UPDATE|s|1|priority|1", "route not found"),
        (
            "ROUTE_UPDATE|s|r1|backend|http://a",
            #"invalid field "backend": expected backend_url, priority, domains or path"#
        ),
        ("ROUTE_UPDATE|s|r1|path|x", #"invalid path "x": expected a path that begins with /"#),
        (
            "ROUTE_UPDATE|s|r1|priority|",
            #"invalid priority "": expected a whole number from -2147483648 to 2147483647"#
        ),
        ("HEADERS_SET|s|all|X|1", #"invalid target "all": expected ALL or a route_id such as r1"#),
        (
            "HEADERS_SET|s|ALL|X Y|1",
            #"invalid header name "X Y": expected letters, digits and any of !#$%&'*+-.^_`|~"#
        ),
        (
            "HEADERS_SET|s|ALL|Connection|close",
            "header Connection cannot be set: it belongs to the connection, not to the response"
        ),
        ("HEADERS_REMOVE|s|r1|", #"invalid header name "": expected letters, digits and any of !#$%&'*+-.^_`|~"#),
        (
            "OPTIONS_SET|s|ALL|timeout|fast",
            #"invalid timeout "fast": expected a duration such as 300ms, 1.5s, 1m30s or 2h"#
        ),
        (
            "OPTIONS_SET|s|ALL|http2|maybe",
            #"invalid http2 "maybe": expected true, false, on, off, 1, 0, yes or no"#
        ),
        (
            "OPTIONS_SET|s|ALL|load_balancing|random",
            #"invalid load_balancing "random": expected one of p2c, round_robin, least_requests, source_hash"#
        ),
        ("OPTIONS_SET|s|r1|weight|1001", #"invalid weight "1001": expected a whole number from 0 to 1000"#),
        (
            "HEALTH_SET|s|r1|health|30s|5s",
            #"invalid path "health": expected a path that begins with /, in ASCII and without spaces"#
        ),
        ("HEALTH_SET|s|ALL|/|30s|5s", "route not found"),
        (
            "HEALTH_SET|s|r1|/|0|5s", #"invalid interval "0": expected a duration of more than 0s and at most 24h"#
        ),
        (
            "HEALTH_SET|s|r1|/|30s|-5s",
            #"invalid timeout "-5s": expected a duration of more than 0s and at most 24h"#
        ),
        ("RATELIMIT_SET|s|r1|0|1s", #"invalid requests "0": expected a whole number from 1 to 1000000000"#),
        ("RATELIMIT_SET|s|r1|1|25h", #"invalid window "25h": expected a duration of more than 0s and at most 24h"#),
        (
            "CIRCUIT_BREAKER_SET|s|r1|0|1s|1",
            #"invalid threshold "0": expected a whole number from 1 to 1000000"#
        ),
        ("CIRCUIT_BREAKER_STATUS|s|ALL", "route not found"),
        ("CIRCUIT_BREAKER_RESET|s|x", #"invalid target "x": expected ALL or a route_id such as r1"#),
        (
            "CONFIG_APPLY_PARTIAL|s|routes,Headers",
            #"invalid scope "Headers": expected a comma-separated list of routes, headers, options, health, "#
                + "ratelimit, circuit_breaker"
        ),
        (
            "CONFIG_APPLY_PARTIAL|s|",
            #"invalid scope "": expected a comma-separated list of routes, headers, options, health, "#
                + "ratelimit, circuit_breaker"
        ),
        ("STATS_GET|s|all", #"invalid target "all": expected ALL or a route_id such as r1"#),
        ("DRAIN_START|s|", #"invalid duration "": expected a duration such as 300ms, 1.5s, 1m30s or 2h"#),
        ("DRAIN_START|s|0s", #"invalid duration "0s": expected a duration of more than 0s and at most 24h"#),
        ("MAINT_ENTER|s|ALL,r1|", #"invalid target "ALL,r1": expected ALL alone or a list without it"#),
        (
            "MAINT_EXIT|s|r1,",
            #"invalid target "r1,": expected ALL or a list of route_ids, or a path or domain of the session"#
        ),
        ("MAINT_EXIT|s|/..", #"invalid path "/..": expected a path that does not lead above the root"#),
        (
            "SUBSCRIBE|s|everything",
            #"invalid event_type "everything": expected one of cert_renewed, global_config_changed, "#
                + "backend_health_changed, all, drain_completed, route_conflict"
        ),
    ])
    func wrongFieldsAreNamed(line: String, reason: String) {
        #expect(failure(line) == LineError(sessionID: "s", reason: reason))
    }

    @Test func unknownOptionsAreAnsweredWithTheKnownOnes() {
        for line in ["OPTIONS_SET|s|ALL|speed|1", "OPTIONS_REMOVE|s|ALL|speed"] {
            #expect(failure(line)?.reason.hasPrefix(#"unknown option "speed": expected one of timeout, "#) == true)
        }
    }

    @Test func longValuesAreCut() {
        let reason = failure("DRAIN_START|s|" + String(repeating: "9", count: 16_000))?.reason
        #expect(reason?.utf8.count ?? .max < 200)
    }
}
