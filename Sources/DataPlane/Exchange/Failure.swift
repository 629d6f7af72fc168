import HTTPWire
import TrafficPolicy

/// Why an exchange, or a connection without one, gets an answer of ours. One table (`status`, `reason`, `retryAfter`)
/// maps each to what the client and the log are told.
enum Failure {
    /// The request broke the protocol: 4xx and an end of the connection, whose framing is lost.
    case badRequest(HeadError)
    case headTimedOut
    case bodyTimedOut
    case bodyTooLarge
    case tooManyConnections
    case tooManyConnectionsFromAddress
    /// No route claims the host.
    case unknownHost
    /// The host is claimed, but no route has a prefix of the path.
    case noRoute
    /// The route is in maintenance and has no page of its own that answers.
    case maintenance
    /// The route wants to be asked over HTTPS.
    case redirectToHTTPS
    /// Routes match and none of their backends can take the request.
    case noneAvailable
    /// The same, and why.
    case drained
    case unhealthy
    case circuitOpen
    /// The client's address has used up the route's limit.
    case rateLimited(RateDecision)
    /// The backend's scheme asks for TLS or HTTP/2.
    case backendProtocol
    case nameUnresolved
    case connectRefused
    case connectTimedOut
    case unreachable
    /// The backend broke or ended the connection before the answer.
    case reset
    case closed
    case truncatedHead
    case badResponse(HeadError)
    case unexpectedUpgrade
    case tooManyInterimResponses
    case responseTimedOut

    var status: Int {
        switch self {
        case .badRequest(let error): error.status
        case .headTimedOut, .bodyTimedOut: 408
        case .bodyTooLarge: 413
        case .tooManyConnectionsFromAddress, .rateLimited: 429
        case .unknownHost, .noRoute: 404
        case .tooManyConnections, .noneAvailable, .maintenance, .drained, .unhealthy, .circuitOpen: 503
        case .redirectToHTTPS: 308
        case .connectTimedOut, .responseTimedOut: 504
        case .backendProtocol, .nameUnresolved, .connectRefused, .unreachable, .reset, .closed, .truncatedHead,
            .badResponse, .unexpectedUpgrade, .tooManyInterimResponses:
            502
        }
    }

    /// A sentence for the page, the problem details and the log.
    var reason: StaticString {
        switch self {
        case .badRequest(let error): error.reason
        case .headTimedOut: "The request head did not arrive in time."
        case .bodyTimedOut: "The request body stopped arriving, or arrived too slowly."
        case .bodyTooLarge: "The request body is larger than this route allows."
        case .tooManyConnections: "The proxy has reached its limit of connections."
        case .tooManyConnectionsFromAddress: "There are too many connections from your address."
        case .unknownHost: "No service has registered this host."
        case .noRoute: "No service has registered this path on this host."
        case .noneAvailable: "No instance of the service can take the request now."
        case .drained: "The service is being drained and takes no new requests."
        case .unhealthy: "The service's backend fails its health checks."
        case .circuitOpen: "The service's backend has failed too often; its circuit breaker is open."
        case .rateLimited: "There were too many requests from your address."
        case .maintenance: "The service is in maintenance. Please try again in a moment."
        case .redirectToHTTPS: "This service is served over HTTPS."
        case .backendProtocol:
            "The service's backend wants TLS or HTTP/2, which this version of Apus does not speak to backends yet."
        case .nameUnresolved: "The name of the service's backend does not resolve."
        case .connectRefused: "The service's backend refused the connection."
        case .connectTimedOut: "The service's backend did not accept the connection in time."
        case .unreachable: "The service's backend cannot be reached."
        case .reset: "The service's backend broke the connection before it answered."
        case .closed: "The service's backend closed the connection before it answered."
        case .truncatedHead: "The service's backend closed the connection in the middle of its answer's head."
        case .badResponse(let error): error.reason
        case .unexpectedUpgrade: "The service's backend switched protocols without being asked to."
        case .tooManyInterimResponses: "The service's backend sent more interim answers than can be passed on."
        case .responseTimedOut: "The service's backend did not answer in time."
        }
    }

    /// Seconds after which another try may help; 0 where none is named.
    var retryAfter: Int {
        switch self {
        case .tooManyConnections, .tooManyConnectionsFromAddress, .noneAvailable, .drained, .unhealthy, .circuitOpen: 5
        case .rateLimited(let decision): decision.retryAfterSeconds
        // Part of the lines that a route in maintenance gives all its responses.
        case .maintenance: 0
        case .nameUnresolved, .connectRefused, .connectTimedOut, .unreachable: 5
        default: 0
        }
    }

    /// The connection cannot carry another request.
    var endsConnection: Bool {
        switch self {
        case .badRequest, .headTimedOut, .bodyTimedOut, .bodyTooLarge, .tooManyConnections,
            .tooManyConnectionsFromAddress:
            true
        default: false
        }
    }

    /// A circuit breaker counts it against the backend.
    var isBackendsFault: Bool {
        switch self {
        case .connectRefused, .connectTimedOut, .unreachable, .nameUnresolved, .reset, .closed, .truncatedHead,
            .badResponse, .unexpectedUpgrade, .tooManyInterimResponses, .responseTimedOut:
            true
        default: false
        }
    }

    /// The request cannot have reached the backend's application.
    var isBeforeSending: Bool {
        switch self {
        case .connectRefused, .connectTimedOut, .unreachable, .nameUnresolved: true
        default: false
        }
    }
}

/// Reason phrases of the status codes that the proxy itself answers with (RFC 9110 §15).
enum StatusText {
    static func phrase(_ status: Int) -> StaticString {
        switch status {
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Error"
        }
    }
}
