/// What one request to a backend led to.
public enum ProbeResult: Hashable, Sendable {
    /// A response head came.
    case answered(Answer)
    /// None came.
    case failed(ProbeFailure)

    /// A response head, and how it came.
    public struct Answer: Hashable, Sendable {
        /// The status code; 0 where the connection alone was tried (see ``BackendProbe``).
        public var status: Int
        /// From the start to the response head.
        public var duration: Duration
        /// Whether the backend's certificate is valid for its name; `nil` where there is no TLS.
        public var isCertificateValid: Bool?

        /// An answer of these parts.
        public init(status: Int, duration: Duration, isCertificateValid: Bool? = nil) {
            self.status = status
            self.duration = duration
            self.isCertificateValid = isCertificateValid
        }
    }
}

/// Why a backend did not answer.
public struct ProbeFailure: Error, Hashable, Sendable {
    /// The kinds of reasons, as events and logs name them.
    public enum Reason: String, Hashable, Sendable {
        case connectionRefused = "connection_refused"
        case connectionTimeout = "connection_timeout"
        case connectionReset = "connection_reset"
        case connectionFailed = "connection_failed"
        case nameNotResolved = "name_not_resolved"
        case addressNotAllowed = "address_not_allowed"
        case responseTimeout = "response_timeout"
        case tlsFailed = "tls_failed"
        case invalidResponse = "invalid_response"
    }

    /// The kind.
    public var reason: Reason
    /// In words: `connection refused`.
    public var message: String
}
