/// One header line of a parsed head.
public struct HeaderLine: BitwiseCopyable, Sendable {
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
/// The lines are on the heap, allocated once: a table is passed on as a pointer and a count and never copied.
public struct HeaderTable: ~Copyable {
    /// The most lines that a head can have.
    @inlinable
    public static var capacity: Int { 128 }

    /// Number of lines of the head that was parsed last.
    public internal(set) var count: Int
    private var storage: FixedStorage<HeaderLine>

    /// A table without lines.
    public init() {
        storage = FixedStorage(repeating: HeaderLine(), count: Self.capacity)
        count = 0
    }

    /// The lines of the head that was parsed last, in order.
    public var lines: Span<HeaderLine> {
        @_lifetime(borrow self)
        get { storage.span.extracting(first: count) }
    }

    /// The first line of a kind that is not dropped.
    ///
    /// - Complexity: O(lines); ask the head's `kinds` first.
    public borrowing func first(_ kind: HeaderKind) -> HeaderLine? {
        let all = lines
        for index in 0..<all.count where all[index].kind == kind && !all[index].isDropped {
            return all[index]
        }
        return nil
    }

    /// The last line of a kind that is not dropped: the one that the nearest proxy added.
    ///
    /// - Complexity: O(lines); ask the head's `kinds` first.
    public borrowing func last(_ kind: HeaderKind) -> HeaderLine? {
        let all = lines
        var index = all.count
        while index > 0 {
            index -= 1
            if all[index].kind == kind && !all[index].isDropped { return all[index] }
        }
        return nil
    }

    /// Writes a line; the parser sets `count` when it has them all.
    @inline(__always)
    mutating func write(_ line: HeaderLine, at index: Int) {
        storage.write(line, at: index)
    }

    /// Marks a line as dropped.
    mutating func drop(at index: Int) {
        var line = storage.span[index]
        line.isDropped = true
        storage.write(line, at: index)
    }
}
