/// One header line of a parsed head.
public struct HeaderLine: Sendable {
    /// Offset of the line's first byte, which is that of the name.
    public var start: UInt32
    /// Bytes of the name.
    public var nameLength: UInt16
    /// What the name means to a proxy.
    public var kind: HeaderKind
    /// Whether the line ends at this proxy: hop-by-hop, named by `Connection`, or a name that only looks like one of
    /// those that carry trust or framing.
    public var isDropped: Bool
    /// The value without the white space around it.
    public var value: ByteRange
    /// One past the line's CRLF.
    public var end: UInt32

    /// A line that stands for none.
    @inlinable
    public init() {
        start = 0
        nameLength = 0
        kind = .other
        isDropped = false
        value = ByteRange()
        end = 0
    }

    /// The name, as sent.
    @inlinable
    public var name: ByteRange { ByteRange(from: Int(start), to: Int(start) &+ Int(nameLength)) }
}

/// The header lines of one head: scratch of a worker, overwritten by every parse.
///
/// Take `lines.span` once for a loop: a subscript on `lines` through a borrowing parameter copies the whole array.
public struct HeaderTable: ~Copyable {
    /// The most lines that a head can have.
    public static let capacity = 128

    /// The lines; only the first `count` mean something.
    public var lines: InlineArray<128, HeaderLine>
    /// Number of lines of the head that was parsed last.
    public var count: Int

    /// A table without lines.
    @inlinable
    public init() {
        lines = InlineArray(repeating: HeaderLine())
        count = 0
    }

    /// The first line of a kind that is not dropped.
    ///
    /// - Complexity: O(lines); ask the head's `kinds` first.
    public borrowing func first(_ kind: HeaderKind) -> HeaderLine? {
        let all = lines.span
        for index in 0..<count where all[index].kind == kind && !all[index].isDropped {
            return all[index]
        }
        return nil
    }
}
