/// Where a body ends: how it is delimited and how much of it has gone by.
///
/// The same value serves two uses, not to be mixed within one body: `scan` forwards the body as it is, framing and
/// all; `decode` hands out its payload alone.
public struct BodyFraming: Hashable, Sendable {
    /// How a body is delimited (RFC 9112 §6.3).
    public enum Kind: UInt8, Hashable, Sendable {
        case none, length, chunked, untilClose
    }

    /// How far a body has come.
    public enum Phase: UInt8, Hashable, Sendable {
        /// Payload or framing is still to come.
        case streaming
        /// The last chunk has gone by; a trailer section, empty or not, is next.
        case trailers
        /// The message has ended.
        case done
    }

    /// How the body is delimited.
    public private(set) var kind: Kind
    /// How far it has come.
    public internal(set) var phase: Phase
    /// Where in the framing of a chunk the next byte is.
    var state: ChunkState
    /// Digits of the chunk size seen so far.
    var sizeDigits: UInt8
    /// Bytes of chunk extensions seen so far.
    var extensionBytes: UInt32
    /// Payload bytes still to come of the body with a length, or of the chunk.
    var remaining: Int
    /// Payload bytes that have gone by.
    public internal(set) var payloadBytes: Int

    @usableFromInline
    init(_ kind: Kind, _ phase: Phase, remaining: Int) {
        self.kind = kind
        self.phase = phase
        state = .sizeStart
        sizeDigits = 0
        extensionBytes = 0
        self.remaining = remaining
        payloadBytes = 0
    }

    /// No body.
    @inlinable public static var none: BodyFraming { BodyFraming(.none, .done, remaining: 0) }
    /// A body in chunks.
    @inlinable public static var chunked: BodyFraming { BodyFraming(.chunked, .streaming, remaining: 0) }
    /// A body that ends with the connection.
    @inlinable public static var untilClose: BodyFraming { BodyFraming(.untilClose, .streaming, remaining: 0) }
    /// A body of so many bytes.
    @inlinable
    public static func length(_ count: Int) -> BodyFraming {
        BodyFraming(.length, count > 0 ? .streaming : .done, remaining: count)
    }

    /// Whether the message has ended.
    @inlinable public var isDone: Bool { phase == .done }

    /// Payload bytes that are known to be still to come: all of a body with a length, those of the chunk at hand.
    public var knownRemaining: Int { remaining }

    /// To be called when the trailer section has been taken.
    public mutating func trailersTaken() {
        if phase == .trailers { phase = .done }
    }

    /// Counts the bytes that belong to the body and may go on as they are.
    ///
    /// Chunked: up to and including the line of the last chunk; then `phase` is `.trailers`, and the trailer section
    /// begins at `from` plus the result.
    ///
    /// - Throws: where the framing is broken.
    public mutating func scan(_ bytes: Span<UInt8>, from: Int) throws(HeadError) -> Int {
        switch kind {
        case .none: return 0
        case .length, .untilClose: return takePayload(bytes.count &- from)
        case .chunked:
            var index = from
            while index < bytes.count && phase == .streaming {
                if state == .data {
                    index &+= takePayload(bytes.count &- index)
                } else {
                    index = try takeFraming(bytes, from: index)
                }
            }
            return index &- from
        }
    }

    /// Finds the next run of payload: `skip` bytes of framing, then `count` of payload.
    ///
    /// Both are zero when more bytes are needed or nothing is left; `phase` tells which.
    ///
    /// - Throws: where the framing is broken.
    public mutating func decode(_ bytes: Span<UInt8>, from: Int) throws(HeadError) -> (skip: Int, count: Int) {
        switch kind {
        case .none: return (0, 0)
        case .length, .untilClose: return (0, takePayload(bytes.count &- from))
        case .chunked:
            var index = from
            while index < bytes.count && phase == .streaming && state != .data {
                index = try takeFraming(bytes, from: index)
            }
            guard state == .data, phase == .streaming else { return (index &- from, 0) }
            return (index &- from, takePayload(bytes.count &- index))
        }
    }

    /// Takes up to `available` bytes of payload.
    @inline(__always)
    private mutating func takePayload(_ available: Int) -> Int {
        if kind == .untilClose {
            payloadBytes &+= available
            return available
        }
        let count = min(available, remaining)
        remaining &-= count
        payloadBytes &+= count
        if remaining == 0 {
            if kind == .chunked { state = .dataEnd } else { phase = .done }
        }
        return count
    }
}
