/// A response head as found in the connection's bytes. All ranges are relative to the span it was parsed from.
public struct ResponseHead: Sendable {
    /// Bytes of the head including the empty line that ends it.
    public var size = 0
    /// One past the status line's CRLF.
    public var firstLineEnd = 0
    /// 100 to 999.
    public var status = 0
    /// 1 or 0.
    public var minorVersion = 1
    /// What follows the status and its space; may be empty.
    public var reason = ByteRange()
    /// What the lines say.
    public var fields = HeadFields()
    /// Whether the status line can be sent on as it is.
    public var isVerbatim = false

    /// A head that stands for none.
    public init() {}

    /// The declared length of the body, or -1; it says nothing of the body where the response cannot have one.
    @inlinable public var contentLength: Int { fields.contentLength }
    /// Whether the response says that its body is chunked.
    @inlinable public var isChunked: Bool { fields.isChunked }
    /// `Connection: close`.
    @inlinable public var wantsClose: Bool { fields.wantsClose }
    /// `Connection: keep-alive`, which only HTTP/1.0 needs.
    @inlinable public var wantsKeepAlive: Bool { fields.wantsKeepAlive }
    /// Whether the connection stays open after this response as far as the backend is concerned.
    @inlinable public var isPersistent: Bool { !fields.wantsClose && (minorVersion == 1 || fields.wantsKeepAlive) }
    /// Number of header lines in the table.
    @inlinable public var headerCount: Int { fields.headerCount }
    /// Whether at least one line is dropped.
    @inlinable public var hasDropped: Bool { fields.hasDropped }
    /// The kinds of lines that are there.
    @inlinable public var kinds: HeaderKindSet { fields.kinds }
    /// 1xx: another head follows for the same request.
    @inlinable public var isInterim: Bool { status < 200 }

    /// How the body is delimited, given the method of the request (RFC 9112 §6.3).
    @inlinable
    public func bodyFraming(for method: Method) -> BodyFraming {
        if method == .head || status < 200 || status == 204 || status == 304 { return .none }
        if fields.isChunked { return .chunked }
        if fields.contentLength >= 0 { return .length(fields.contentLength) }
        return .untilClose
    }
}
