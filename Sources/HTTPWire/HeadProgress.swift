/// Whether bytes that have come since the last look are worth parsing the head again: whether a line has ended in
/// them, so that the head may be complete, or a line may be wrong.
///
/// A head is refused that has more lines than the limits allow, so a head that comes byte by byte is parsed no more
/// often than it may have lines.
///
/// - Parameter scannedFrom: How many bytes there were at the last look.
/// - Complexity: O(new bytes).
public func mayBeComplete(_ bytes: Span<UInt8>, scannedFrom: Int) -> Bool {
    bytes.firstLineFeed(from: scannedFrom) < bytes.count
}

/// Spares a head that comes in many pieces from being parsed from its beginning with every piece.
///
/// It is parsed when a line has ended, and else only when the bytes have doubled or have reached the limit, so that
/// what is wrong is refused early and the whole costs O(lines × bytes) at the worst. One for each connection, reset
/// (`HeadProgress()`) for every head.
public struct HeadProgress: Hashable, Sendable {
    private var scanned: UInt32
    private var parsed: UInt32

    /// Progress of a head of which nothing has been seen.
    public init() {
        scanned = 0
        parsed = 0
    }

    /// Whether to parse now; to be asked once for each arrival of bytes.
    public mutating func shouldParse(_ bytes: Span<UInt8>, limits: HeadLimits) -> Bool {
        let count = bytes.count
        let seen = Int(scanned)
        scanned = UInt32(truncatingIfNeeded: count)
        // The first look costs nothing beyond the parser's own.
        if parsed == 0 || count >= 2 &* Int(parsed) || count >= limits.maxHeadBytes
            || mayBeComplete(bytes, scannedFrom: seen)
        {
            parsed = scanned
            return true
        }
        return false
    }
}
