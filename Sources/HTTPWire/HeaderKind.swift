/// What a header name means to a proxy. The order matters: from `host` on the parser has to look at the value.
public enum HeaderKind: UInt8, Hashable, BitwiseCopyable, Sendable {
    /// Passed on without a look.
    case other
    case accept, cookie, setCookie, location, via, xRequestID
    case xForwardedFor, xForwardedProto, xForwardedHost, xForwardedPort, forwarded
    case trailer
    case host, contentLength, transferEncoding, connection
    /// A field between two neighbours (RFC 9110 §7.6.1), or one that no backend should get, such as `Proxy`.
    case hopByHop
    case te, upgrade, expect

    /// Whether `Connection` may name such a field to have it dropped. Framing and what this proxy vouches for stay.
    @inlinable
    var canBeNominated: Bool {
        switch self {
        case .other, .accept, .cookie, .setCookie, .location, .trailer, .hopByHop, .te, .upgrade: true
        case .via, .xRequestID, .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .forwarded: false
        case .host, .contentLength, .transferEncoding, .connection, .expect: false
        }
    }
}

/// A set of header kinds in one word.
public struct HeaderKindSet: OptionSet, Hashable, Sendable {
    /// Bit n stands for the kind with raw value n.
    public var rawValue: UInt32

    /// The set with these bits.
    @inlinable
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The set of one kind.
    @inlinable
    public init(_ kind: HeaderKind) {
        rawValue = 1 &<< UInt32(kind.rawValue)
    }

    /// Whether the kind is in the set.
    @inlinable
    public func contains(_ kind: HeaderKind) -> Bool {
        (rawValue &>> UInt32(kind.rawValue)) & 1 != 0
    }

    /// What a peer says of the client and of the way here: worth only as much as the peer is trusted.
    @inlinable
    public static var forwarding: HeaderKindSet {
        [
            HeaderKindSet(.xForwardedFor), HeaderKindSet(.xForwardedProto), HeaderKindSet(.xForwardedHost),
            HeaderKindSet(.xForwardedPort), HeaderKindSet(.forwarded), HeaderKindSet(.xRequestID),
        ]
    }
}
