/// One option of a route with its value, as OPTIONS_SET gives it.
public enum RouteOption: Hashable, Sendable {
    /// Time to the response head.
    case timeout(Duration)
    /// Time for one connection attempt.
    case connectTimeout(Duration)
    /// Time without a byte while an exchange is on.
    case idleTimeout(Duration)
    /// Time from one health probe to the next.
    case healthCheckInterval(Duration)
    /// Time that a health probe may take.
    case healthCheckTimeout(Duration)
    /// Path that health probes ask for.
    case healthCheckPath(String)
    /// Compressed responses.
    case compression(Bool)
    /// WebSocket upgrades.
    case websocket(Bool)
    /// HTTP/2 towards clients.
    case http2(Bool)
    /// HTTP/3 towards clients.
    case http3(Bool)
    /// Largest request body in bytes.
    case maxBodySize(Int)
    /// Tries on other backends.
    case retries(Int)
    /// Balancing within the group.
    case loadBalancing(LoadBalancing)
    /// Stickiness by a cookie of this name; `nil` switches it off.
    case sticky(cookie: String?)
    /// Share within the group.
    case weight(Int)
    /// Taking the route's path off.
    case stripPrefix(Bool)
    /// `Host` towards the backend.
    case hostHeader(HostHeader)
    /// Redirecting plain HTTP.
    case httpsRedirect(Bool)

    /// The names of the options.
    public enum Key: String, CaseIterable, Hashable, Sendable {
        case timeout
        case connectTimeout = "connect_timeout"
        case idleTimeout = "idle_timeout"
        case healthCheckInterval = "health_check_interval"
        case healthCheckTimeout = "health_check_timeout"
        case healthCheckPath = "health_check_path"
        case compression, websocket, http2, http3
        case maxBodySize = "max_body_size"
        case retries
        case loadBalancing = "load_balancing"
        case sticky, weight
        case stripPrefix = "strip_prefix"
        case hostHeader = "host_header"
        case httpsRedirect = "https_redirect"

        /// Reads the name of an option.
        ///
        /// - Throws: an error that lists the names where there is none like this.
        public init(parsing text: String) throws(ValueError) {
            guard let key = Key(rawValue: text) else {
                let known = Key.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValueError("unknown option \(PlainText.quoted(text)): expected one of \(known)")
            }
            self = key
        }
    }

    /// The name of the cookie where stickiness is switched on without naming one.
    public static let defaultStickyCookie = "apus_sticky"

    /// The option's name.
    public var key: Key {
        switch self {
        case .timeout: .timeout
        case .connectTimeout: .connectTimeout
        case .idleTimeout: .idleTimeout
        case .healthCheckInterval: .healthCheckInterval
        case .healthCheckTimeout: .healthCheckTimeout
        case .healthCheckPath: .healthCheckPath
        case .compression: .compression
        case .websocket: .websocket
        case .http2: .http2
        case .http3: .http3
        case .maxBodySize: .maxBodySize
        case .retries: .retries
        case .loadBalancing: .loadBalancing
        case .sticky: .sticky
        case .weight: .weight
        case .stripPrefix: .stripPrefix
        case .hostHeader: .hostHeader
        case .httpsRedirect: .httpsRedirect
        }
    }

    /// The value as text, in a form that ``init(key:parsing:)`` reads back.
    public var valueText: String {
        switch self {
        case .timeout(let value), .connectTimeout(let value), .idleTimeout(let value),
            .healthCheckInterval(let value), .healthCheckTimeout(let value):
            DurationText.format(value)
        case .healthCheckPath(let path): path
        case .compression(let value), .websocket(let value), .http2(let value), .http3(let value),
            .stripPrefix(let value), .httpsRedirect(let value):
            value ? "true" : "false"
        case .maxBodySize(let value), .retries(let value), .weight(let value): String(value)
        case .loadBalancing(let value): value.rawValue
        case .sticky(let cookie): cookie ?? "off"
        case .hostHeader(let value): value.rawValue
        }
    }

    /// Reads the value of an option.
    ///
    /// - Throws: an error that names the key and says what is allowed.
    public init(key: Key, parsing text: String) throws(ValueError) {
        let name = key.rawValue
        switch key {
        case .timeout: self = .timeout(try DurationText.parse(text, field: name))
        case .connectTimeout: self = .connectTimeout(try DurationText.parse(text, field: name))
        case .idleTimeout: self = .idleTimeout(try DurationText.parse(text, field: name))
        case .healthCheckInterval: self = .healthCheckInterval(try DurationText.parse(text, field: name))
        case .healthCheckTimeout: self = .healthCheckTimeout(try DurationText.parse(text, field: name))
        case .healthCheckPath: self = .healthCheckPath(try HealthCheckSettings.parsePath(text, field: name))
        case .compression: self = .compression(try BooleanText.parse(text, field: name))
        case .websocket: self = .websocket(try BooleanText.parse(text, field: name))
        case .http2: self = .http2(try BooleanText.parse(text, field: name))
        case .http3: self = .http3(try BooleanText.parse(text, field: name))
        case .maxBodySize: self = .maxBodySize(try ByteCountText.parse(text, field: name))
        case .retries: self = .retries(try IntegerText.parse(text, field: name, in: 0...10))
        case .loadBalancing: self = .loadBalancing(try Self.parseChoice(text, field: name))
        case .sticky: self = .sticky(cookie: try Self.parseSticky(text))
        case .weight: self = .weight(try IntegerText.parse(text, field: name, in: 0...1000))
        case .stripPrefix: self = .stripPrefix(try BooleanText.parse(text, field: name))
        case .hostHeader: self = .hostHeader(try Self.parseChoice(text, field: name))
        case .httpsRedirect: self = .httpsRedirect(try BooleanText.parse(text, field: name))
        }
    }

    private static func parseChoice<Choice: RawRepresentable<String> & CaseIterable>(
        _ text: String, field: String
    ) throws(ValueError) -> Choice {
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(field, text, expected: "one of \(known)")
        }
        return choice
    }

    /// A truth value or the name of a cookie (RFC 6265 §4.1.1).
    private static func parseSticky(_ text: String) throws(ValueError) -> String? {
        if let isOn = try? BooleanText.parse(text, field: "sticky") {  // no truth value: a name
            return isOn ? defaultStickyCookie : nil
        }
        guard !text.isEmpty, text.utf8.count <= 64, text.utf8.allSatisfy(\.isTokenCharacter) else {
            throw .invalid("sticky", text, expected: "on, off or the name of a cookie of at most 64 characters")
        }
        return text
    }
}
