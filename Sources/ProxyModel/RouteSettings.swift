/// The effective settings of one route: its own over those that its session set for ALL.
///
/// `nil` stands for the proxy's default, which its configuration decides.
public struct RouteSettings: Hashable, Sendable {
    /// Set on every response of the route, replacing the backend's fields of these names.
    public var responseHeaders: [HeaderField] = []
    /// From the request's being sent to the response head.
    public var timeout: Duration?
    /// For one connection attempt to the backend.
    public var connectTimeout: Duration?
    /// Without a byte in either direction while an exchange is on.
    public var idleTimeout: Duration?
    /// How the backend is probed.
    public var healthCheck = HealthCheckSettings()
    /// Whether responses are compressed.
    public var compression: Bool?
    /// Whether WebSocket upgrades are allowed.
    public var websocket: Bool?
    /// Whether clients may use HTTP/2.
    public var http2: Bool?
    /// Whether clients may use HTTP/3.
    public var http3: Bool?
    /// The largest request body in bytes.
    public var maxBodySize: Int?
    /// How often a request is tried again on another backend.
    public var retries: Int?
    /// How requests are spread over the group.
    public var loadBalancing: LoadBalancing = .p2c
    /// The name of the cookie that keeps a client on one backend; `nil`: clients are not kept.
    public var stickyCookie: String?
    /// The route's share within its group, 0…1000.
    public var weight: Int = 100
    /// Whether the route's path is taken off the request's path before it goes to the backend.
    public var stripPrefix = false
    /// Which `Host` the backend sees.
    public var hostHeader: HostHeader = .keep
    /// Whether plain HTTP requests are redirected to HTTPS.
    public var httpsRedirect = false
    /// The limit per source address.
    public var rateLimit: RateLimit?
    /// The circuit breaker.
    public var circuitBreaker: CircuitBreakerSettings?

    /// The settings of a route for which nothing was set.
    public static let standard = RouteSettings()

    /// The same as ``standard``.
    public init() {}

    /// Sets what the option says.
    public mutating func apply(_ option: RouteOption) {
        switch option {
        case .timeout(let value): timeout = value
        case .connectTimeout(let value): connectTimeout = value
        case .idleTimeout(let value): idleTimeout = value
        case .healthCheckInterval(let value): healthCheck.interval = value
        case .healthCheckTimeout(let value): healthCheck.timeout = value
        case .healthCheckPath(let value): healthCheck.path = value
        case .compression(let value): compression = value
        case .websocket(let value): websocket = value
        case .http2(let value): http2 = value
        case .http3(let value): http3 = value
        case .maxBodySize(let value): maxBodySize = value
        case .retries(let value): retries = value
        case .loadBalancing(let value): loadBalancing = value
        case .sticky(let cookie): stickyCookie = cookie
        case .weight(let value): weight = value
        case .stripPrefix(let value): stripPrefix = value
        case .hostHeader(let value): hostHeader = value
        case .httpsRedirect(let value): httpsRedirect = value
        }
    }
}
