/// A run of bytes inside the span that was parsed: offset and count, 8 bytes in all.
///
/// Heads and bodies are never copied while they are parsed; what was found in them is named by ranges. They are
/// relative to the first byte of the span given to the parser, so they stay valid when the buffer moves.
public struct ByteRange: Hashable, BitwiseCopyable, Sendable {
    /// Offset of the first byte.
    public var offset: UInt32
    /// Number of bytes.
    public var count: UInt32

    /// The empty range at offset zero.
    @inlinable
    public init() {
        offset = 0
        count = 0
    }

    /// The range `start ..< end`; both must fit into 32 bits, which every limit of this target ensures.
    @inlinable
    public init(from start: Int, to end: Int) {
        offset = UInt32(truncatingIfNeeded: start)
        count = UInt32(truncatingIfNeeded: end &- start)
    }

    /// Offset of the first byte.
    @inlinable public var start: Int { Int(offset) }
    /// One past the last byte.
    @inlinable public var end: Int { Int(offset) &+ Int(count) }
    /// Number of bytes.
    @inlinable public var length: Int { Int(count) }
    /// Whether there is no byte in it.
    @inlinable public var isEmpty: Bool { count == 0 }
    /// The same as a range of integers.
    @inlinable public var indices: Range<Int> { start..<end }
}

extension Span where Element == UInt8 {
    /// The bytes that a range names.
    @inlinable
    @_lifetime(copy self)
    public func extracting(_ range: ByteRange) -> Span<UInt8> {
        extracting(range.start..<range.end)
    }
}
