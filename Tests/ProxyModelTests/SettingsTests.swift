import ProxyModel
import Testing

@Suite struct SettingsTests {
    @Test(arguments: ["r0", "r1", "r12", "r18446744073709551615"])
    func routeIDsReadBack(text: String) {
        #expect(RouteID(text)?.description == text)
    }

    @Test(arguments: [
        "", "r", "R1", "1", "r01", "r00", "r-1", "r+1", "r1 ", " r1", "r1x", "r18446744073709551616", "r１",
    ])
    func whatIsNoRouteIDIsRefused(text: String) {
        #expect(RouteID(text) == nil)
    }

    @Test func routeIDsSortByNumber() {
        #expect(["r10", "r9", "r2"].compactMap(RouteID.init).sorted().map(\.description) == ["r2", "r9", "r10"])
    }

    @Test func truthValuesAreRead() throws {
        for text in ["true", "on", "1", "yes"] { #expect(try BooleanText.parse(text, field: "x")) }
        for text in ["false", "off", "0", "no"] { #expect(try !BooleanText.parse(text, field: "x")) }
        for text in ["", "True", "2", "y", "on "] {
            #expect(
                message { try BooleanText.parse(text, field: "http2") }
                    == "invalid http2 \"\(text)\": expected true, false, on, off, 1, 0, yes or no")
        }
    }

    @Test func wholeNumbersAreRead() throws {
        #expect(try IntegerText.parse("-5", field: "x", in: -5...5) == -5)
        #expect(try IntegerText.parse("+5", field: "x", in: -5...5) == 5)
        for text in ["", "-", "6", "-6", "1.0", " 1", "0x1", "99999999999999999999", "१"] {
            #expect(
                message { try IntegerText.parse(text, field: "priority", in: -5...5) }
                    == "invalid priority \"\(text)\": expected a whole number from -5 to 5")
        }
    }

    @Test func byteCountsAreRead() throws {
        for (text, bytes) in [("1", 1), ("5B", 5), ("64KiB", 65_536), ("10MB", 10_000_000), ("2GiB", 2 << 30)] {
            #expect(try ByteCountText.parse(text, field: "x") == bytes)
        }
        for text in ["", "0", "-1", "B", "KiB", "1.5MB", "1 MB", "1kb", "9223372036854775807KB"] {
            #expect(
                message { try ByteCountText.parse(text, field: "max_body_size") }
                    == "invalid max_body_size \"\(text)\": expected a positive number of bytes such as "
                    + "1048576, 64KiB or 10MB"
            )
        }
    }

    @Test func headerFieldsAreChecked() throws {
        let field = try HeaderField(name: "X-Service-Version", value: " 1.2 \t")
        #expect(field.value == "1.2")
        #expect(field.lowercasedName == "x-service-version")
        #expect(field.description == "X-Service-Version: 1.2")
        #expect(try HeaderField(name: "X", value: "").value == "")
        #expect(try HeaderField(name: "X", value: "Zoë").value == "Zoë")
    }

    @Test(arguments: ["", "a b", "a:", "a\r", "ä", "a\0", "(a)", "\"a\"", String(repeating: "a", count: 257)])
    func namesThatAreNoTokenAreRefused(name: String) {
        #expect(message { try HeaderField(name: name, value: "1") }?.hasPrefix("invalid header name") == true)
    }

    @Test(arguments: [
        "Connection", "content-length", "TRANSFER-ENCODING", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate",
        "Proxy-Authorization", "TE", "Trailer", "Upgrade", "HTTP2-Settings",
    ])
    func namesThatTheProxyIsInChargeOfAreRefused(name: String) {
        #expect(
            message { try HeaderField(name: name, value: "1") }
                == "header \(name) cannot be set: it belongs to the connection, not to the response")
        #expect(message { try HeaderField.checkName(name) } != nil)
    }

    @Test(arguments: ["a\r\nSet-Cookie: x", "a\nb", "a\0b", "a\u{7F}b", "a\u{85}b", "a\tb", "\u{1B}[0m"])
    func valuesThatCouldInjectAreRefused(value: String) {
        #expect(
            message { try HeaderField(name: "X", value: value) }?.hasSuffix("expected no control characters") == true)
    }

    @Test func valuesHaveALimit() throws {
        _ = try HeaderField(name: "X", value: String(repeating: "a", count: 8192))
        #expect(message { try HeaderField(name: "X", value: String(repeating: "a", count: 8193)) } != nil)
    }

    @Test func errorsAreShortAndInOneLine() {
        let long = ValueError.invalid("x", String(repeating: "a", count: 1000), expected: "less")
        #expect(long.message == "invalid x \"\(String(repeating: "a", count: 64))…\": expected less")
        #expect(
            ValueError.invalid("x", "a\nb\u{85}c\u{2028}", expected: "y").message == "invalid x \"a?b?c?\": expected y")
        // A single character of a thousand scalars is cut as well.
        #expect(PlainText.quoted("a" + String(repeating: "\u{301}", count: 1000)).unicodeScalars.count == 67)
    }
}

@Suite struct RouteOptionTests {
    @Test(arguments: [
        ("timeout", "30", RouteOption.timeout(.seconds(30)), "30s"),
        ("connect_timeout", "300ms", .connectTimeout(.milliseconds(300)), "300ms"),
        ("idle_timeout", "1m30s", .idleTimeout(.seconds(90)), "1m30s"),
        ("health_check_interval", "10s", .healthCheckInterval(.seconds(10)), "10s"),
        ("health_check_timeout", "2s", .healthCheckTimeout(.seconds(2)), "2s"),
        ("health_check_path", "/health?full=1", .healthCheckPath("/health?full=1"), "/health?full=1"),
        ("compression", "on", .compression(true), "true"), ("websocket", "no", .websocket(false), "false"),
        ("http2", "1", .http2(true), "true"), ("http3", "0", .http3(false), "false"),
        ("max_body_size", "10MB", .maxBodySize(10_000_000), "10000000"), ("retries", "0", .retries(0), "0"),
        ("load_balancing", "p2c", .loadBalancing(.p2c), "p2c"),
        ("load_balancing", "round_robin", .loadBalancing(.roundRobin), "round_robin"),
        ("load_balancing", "least_requests", .loadBalancing(.leastRequests), "least_requests"),
        ("load_balancing", "source_hash", .loadBalancing(.sourceHash), "source_hash"),
        ("sticky", "on", .sticky(cookie: "apus_sticky"), "apus_sticky"), ("sticky", "off", .sticky(cookie: nil), "off"),
        ("sticky", "SRV", .sticky(cookie: "SRV"), "SRV"), ("weight", "1000", .weight(1000), "1000"),
        ("strip_prefix", "yes", .stripPrefix(true), "true"), ("host_header", "keep", .hostHeader(.keep), "keep"),
        ("host_header", "backend", .hostHeader(.backend), "backend"),
        ("https_redirect", "true", .httpsRedirect(true), "true"),
    ])
    func optionsAreReadByTheirType(key: String, value: String, option: RouteOption, canonical: String) throws {
        let parsed = try RouteOption(key: RouteOption.Key(parsing: key), parsing: value)
        #expect(parsed == option)
        #expect(parsed.key.rawValue == key)
        #expect(parsed.valueText == canonical)
        #expect(try RouteOption(key: parsed.key, parsing: canonical) == parsed)
        var settings = RouteSettings.standard
        settings.apply(option)
        var expected = RouteSettings.standard
        set(option, in: &expected)
        #expect(settings == expected)
    }

    private func set(_ option: RouteOption, in settings: inout RouteSettings) {
        switch option.key {
        case .timeout: settings.timeout = .seconds(30)
        case .connectTimeout: settings.connectTimeout = .milliseconds(300)
        case .idleTimeout: settings.idleTimeout = .seconds(90)
        case .healthCheckInterval: settings.healthCheck.interval = .seconds(10)
        case .healthCheckTimeout: settings.healthCheck.timeout = .seconds(2)
        case .healthCheckPath: settings.healthCheck.path = "/health?full=1"
        case .compression: settings.compression = true
        case .websocket: settings.websocket = false
        case .http2: settings.http2 = true
        case .http3: settings.http3 = false
        case .maxBodySize: settings.maxBodySize = 10_000_000
        case .retries: settings.retries = 0
        case .loadBalancing: settings.loadBalancing = LoadBalancing(rawValue: option.valueText) ?? .p2c
        case .sticky: settings.stickyCookie = option.valueText == "off" ? nil : option.valueText
        case .weight: settings.weight = 1000
        case .stripPrefix: settings.stripPrefix = true
        case .hostHeader: settings.hostHeader = option.valueText == "backend" ? .backend : .keep
        case .httpsRedirect: settings.httpsRedirect = true
        }
    }

    @Test(arguments: RouteOption.Key.allCases)
    func valuesThatDoNotParseNameTheKey(key: RouteOption.Key) {
        for text in ["", "a b", "=1"] {
            let message = message { try RouteOption(key: key, parsing: text) }
            #expect(message?.hasPrefix("invalid \(key.rawValue) \"\(text)\": expected ") == true)
        }
    }

    @Test func unknownKeysAreAnsweredWithTheKnownOnes() {
        #expect(
            message { try RouteOption.Key(parsing: "Timeout") }
                == "unknown option \"Timeout\": expected one of timeout, connect_timeout, idle_timeout, "
                + "health_check_interval, health_check_timeout, health_check_path, compression, websocket, http2, "
                + "http3, max_body_size, retries, load_balancing, sticky, weight, strip_prefix, "
                + "host_header, https_redirect"
        )
    }

    @Test func limitsAndBreakersAreChecked() throws {
        #expect(try RateLimit(parsingRequests: "100", window: "1m") == RateLimit(requests: 100, window: .seconds(60)))
        #expect(
            message { try RateLimit(parsingRequests: "0", window: "1m") }
                == "invalid requests \"0\": expected a whole number from 1 to 1000000000")
        #expect(
            message { try RateLimit(parsingRequests: "1", window: "0s") }?.hasPrefix("invalid window \"0s\"") == true)
        #expect(
            try CircuitBreakerSettings(parsingThreshold: "5", timeout: "30s", halfOpenRequests: "2")
                == CircuitBreakerSettings(threshold: 5, timeout: .seconds(30), halfOpenRequests: 2))
        for (threshold, timeout, requests, field) in [
            ("0", "1s", "1", "threshold"), ("1", "0", "1", "timeout"), ("1", "1s", "0", "half_open_requests"),
        ] {
            let message = message {
                try CircuitBreakerSettings(parsingThreshold: threshold, timeout: timeout, halfOpenRequests: requests)
            }
            #expect(message?.hasPrefix("invalid \(field) \"0\"") == true)
        }
    }

    @Test func healthChecksAreChecked() throws {
        #expect(
            try HealthCheckSettings(parsingPath: "/health", interval: "10s", timeout: "1s")
                == HealthCheckSettings(path: "/health", interval: .seconds(10), timeout: .seconds(1)))
        for path in ["", "health", "/a b", "/a#b", "/ä", "/a\nb", "/a\\b"] {
            #expect(
                message { try HealthCheckSettings(parsingPath: path, interval: "1s", timeout: "1s") }?
                    .hasPrefix("invalid path") == true)
        }
        #expect(HealthCheckSettings().interval == .seconds(30))
        #expect(HealthCheckSettings().timeout == .seconds(5))
    }

    @Test func deltasKnowWhetherThereIsAnythingToDo() {
        #expect(RoutingDelta().isEmpty)
        #expect(!RoutingDelta(removals: [RouteID(number: 1)]).isEmpty)
        #expect(!RoutingDelta(sessions: [SessionState(key: SessionKey(number: 1), connected: true)]).isEmpty)
        #expect(!RoutingDelta(endedSessions: [SessionKey(number: 1)]).isEmpty)
    }
}
