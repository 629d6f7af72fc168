/// What the header lines say that a proxy has to know, the same for requests and responses.
public struct HeadFields: Sendable {
    /// The declared length, or -1.
    public var contentLength = -1
    /// The kinds of lines that are there.
    public var kinds: HeaderKindSet = []
    /// The value of `Host`.
    public var hostValue = ByteRange()
    /// Number of header lines.
    public var headerCount = 0
    /// Whether the message has chunked framing.
    public var isChunked = false
    /// `Connection: close`.
    public var wantsClose = false
    /// `Connection: keep-alive`.
    public var wantsKeepAlive = false
    /// Whether `Connection` names `upgrade`.
    public var connectionNamesUpgrade = false
    /// Whether `Connection` names fields that need a second look at the lines.
    public var connectionNamesOthers = false
    /// Number of options that `Connection` has named, but for a lone `close` or `keep-alive`.
    var connectionOptions: UInt8 = 0
    /// `Expect: 100-continue`.
    public var expectsContinue = false
    /// `TE: trailers`.
    public var acceptsTrailers = false
    /// Whether at least one line is dropped.
    public var hasDropped = false

    /// The fields of a head without lines.
    public init() {}
}
