/// What a request method means to a proxy.
public enum Method: UInt8, Hashable, Sendable {
    case other, get, head, post, put, delete, options, patch, trace, connect

    /// Whether a request may be sent a second time without changing more than the first did (RFC 9110 §9.2.2).
    @inlinable
    public var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .other, .post, .patch, .connect: false
        }
    }

    /// Whether a request only reads (RFC 9110 §9.2.1).
    @inlinable
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .other, .post, .put, .delete, .patch, .connect: false
        }
    }
}
