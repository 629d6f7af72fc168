/// A request head as found in the connection's bytes. All ranges are relative to the span it was parsed from.
public struct RequestHead: Sendable {
    /// Bytes of the head including the empty lines before and the one that ends it.
    public var size = 0
    /// One past the request line's CRLF.
    public var firstLineEnd = 0
    /// The method as sent.
    public var method = ByteRange()
    /// The path and query as sent, or `*`. Empty or beginning with `?` where an absolute-form target had no path: then
    /// a `/` belongs before it.
    public var target = ByteRange()
    /// The path without query, as sent; empty for `*` and where an absolute-form target had no path, which means `/`.
    public var path = ByteRange()
    /// The authority of an absolute-form target, else the value of `Host`; empty only in HTTP/1.0.
    public var authority = ByteRange()
    /// The authority without port and without a dot at its end; an IPv6 address is in brackets.
    public var host = ByteRange()
    /// What the lines say.
    public var fields = HeadFields()
    /// 1 or 0.
    public var minorVersion = 1
    /// What the method means.
    public var methodKind = Method.other
    /// Whether the path has `%` or a segment that begins with a dot, so that matching needs `normalizePath`.
    public var pathNeedsNormalising = false
    /// Whether the request line can be sent on as it is.
    public var isVerbatim = false
    /// Whether the target is `*`, asked of the server as a whole (`OPTIONS`).
    public var isAsterisk = false
    /// Whether the target had a scheme and an authority, which then stands above `Host` (RFC 9112 §3.2.2).
    public var isAbsoluteForm = false

    /// A head that stands for none.
    public init() {}

    /// The declared length of the body, or -1.
    @inlinable public var contentLength: Int { fields.contentLength }
    /// Whether the body is chunked.
    @inlinable public var isChunked: Bool { fields.isChunked }
    /// `Connection: close`.
    @inlinable public var wantsClose: Bool { fields.wantsClose }
    /// `Connection: keep-alive`, which only HTTP/1.0 needs.
    @inlinable public var wantsKeepAlive: Bool { fields.wantsKeepAlive }
    /// Whether the connection stays open after this exchange as far as the client is concerned.
    @inlinable public var isPersistent: Bool { !fields.wantsClose && (minorVersion == 1 || fields.wantsKeepAlive) }
    /// `Expect: 100-continue` in HTTP/1.1.
    @inlinable public var expectsContinue: Bool { fields.expectsContinue }
    /// Whether the client takes trailers (`TE: trailers`).
    @inlinable public var acceptsTrailers: Bool { fields.acceptsTrailers }
    /// Whether the client asks for another protocol, naming it both in `Upgrade` and in `Connection`.
    @inlinable public var hasUpgrade: Bool {
        fields.kinds.contains(.upgrade) && fields.connectionNamesUpgrade && minorVersion == 1
    }
    /// Number of header lines in the table.
    @inlinable public var headerCount: Int { fields.headerCount }
    /// Whether at least one line is dropped.
    @inlinable public var hasDropped: Bool { fields.hasDropped }
    /// The kinds of lines that are there.
    @inlinable public var kinds: HeaderKindSet { fields.kinds }

    /// How the body is delimited: a request without length or chunks has none (RFC 9112 §6.3).
    @inlinable
    public var bodyFraming: BodyFraming {
        if fields.isChunked { return .chunked }
        return fields.contentLength > 0 ? .length(fields.contentLength) : .none
    }
}
