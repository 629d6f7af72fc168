/// Whether bytes that have come since the last look may complete a head, or show that it is wrong: whether there is
/// an empty line, or an LF without CR.
///
/// - Parameter scannedFrom: How many bytes there were at the last look.
/// - Complexity: O(new bytes).
public func mayBeComplete(_ bytes: Span<UInt8>, scannedFrom: Int) -> Bool {
    var index = scannedFrom
    while true {
        index = bytes.firstLineFeed(from: index)
        if index >= bytes.count { return false }
        if index == 0 || bytes[index &- 1] != Byte.carriageReturn { return true }
        // The empty line after a line: "\r\n\r\n".
        if index >= 3 && bytes[index &- 2] == Byte.lineFeed { return true }
        index &+= 1
    }
}

/// Spares a head that comes in many pieces from being parsed from its beginning with every piece.
///
/// It is parsed when it may be complete and else only when the bytes have doubled, so that what is wrong is refused
/// early and the whole costs O(bytes). Reset it (`HeadProgress()`) for every head.
public struct HeadProgress: Hashable, Sendable {
    private var scanned: UInt32 = 0
    private var parsed: UInt32 = 0

    /// Progress of a head of which nothing has been seen.
    @inlinable
    public init() {}

    /// Whether to parse now; to be asked once for each arrival of bytes.
    @inlinable
    public mutating func shouldParse(_ bytes: Span<UInt8>, limits: HeadLimits) -> Bool {
        // A head that comes in one piece costs no look beyond the parser's own.
        if isFresh { return noteParsed(bytes.count) }
        return shouldParseAgain(bytes, limits: limits)
    }

    @usableFromInline var isFresh: Bool { parsed == 0 }

    @usableFromInline
    mutating func noteParsed(_ count: Int) -> Bool {
        parsed = UInt32(truncatingIfNeeded: count)
        scanned = parsed
        return true
    }

    @usableFromInline
    mutating func shouldParseAgain(_ bytes: Span<UInt8>, limits: HeadLimits) -> Bool {
        let count = bytes.count
        if count >= limits.maxHeadBytes || count >= 2 * Int(parsed) || mayBeComplete(bytes, scannedFrom: Int(scanned)) {
            return noteParsed(count)
        }
        scanned = UInt32(truncatingIfNeeded: count)
        return false
    }
}
