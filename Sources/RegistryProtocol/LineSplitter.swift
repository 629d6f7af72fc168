/// Cuts the bytes of a connection into lines.
///
/// Bytes are appended as they arrive, and lines are taken one at a time: who answers line by line stops appending
/// (reading) while lines are waiting, and so bounds the memory to one read and one line.
///
/// LF ends a line, a CR before it is dropped, and empty lines are skipped. A line over the limit is reported once, as
/// soon as it is over it, and thrown away up to its LF.
public struct LineSplitter: Sendable {
    /// The longest line of a client in bytes, without its ending.
    public static let standardLimit = 16_384

    /// What was found in the bytes.
    public enum Event: Hashable, Sendable {
        /// A line, not empty, without its ending. Its encoding has not been checked.
        case line([UInt8])
        /// A line over the limit; nothing more comes of it.
        case tooLong
    }

    private static let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

    private let limit: Int
    private var buffer: [UInt8] = []
    /// Where the line in hand begins.
    private var start = 0
    /// No LF lies between `start` and here.
    private var scanned = 0
    /// Whether the line in hand is over the limit and has been reported.
    private var isDiscarding = false

    /// A splitter for lines of at most `limit` bytes.
    public init(limit: Int = LineSplitter.standardLimit) {
        precondition(limit > 0)
        self.limit = limit
    }

    /// Whether a line has begun and not ended, once ``next()`` has returned `nil`: the time to run a read timeout.
    public var isInsideLine: Bool { start < buffer.count || isDiscarding }

    /// How many bytes are held.
    public var bufferedCount: Int { buffer.count - start }

    /// Adds bytes that have arrived.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        makeRoom()
        buffer.append(contentsOf: bytes)
    }

    /// Adds bytes that have arrived.
    public mutating func append(_ bytes: Span<UInt8>) {
        makeRoom()
        buffer.reserveCapacity(buffer.count + bytes.count)
        for index in bytes.indices { buffer.append(bytes[index]) }
    }

    /// The next line; `nil` where the rest is incomplete. Amortised O(length of the line).
    public mutating func next() -> Event? {
        while let end = buffer[scanned...].firstIndex(of: Self.lineFeed) {
            let contentEnd = end > start && buffer[end - 1] == Self.carriageReturn ? end - 1 : end
            let content = start..<contentEnd
            let wasDiscarding = isDiscarding
            (start, scanned, isDiscarding) = (end + 1, end + 1, false)
            if wasDiscarding || content.isEmpty { continue }
            return content.count > limit ? .tooLong : .line(Array(buffer[content]))
        }
        scanned = buffer.count
        let event = reportExcess()
        if start == buffer.count { empty() }
        return event
    }

    /// Handles the end of the input: an incomplete line is dropped.
    public mutating func finish() {
        (buffer, start, scanned, isDiscarding) = ([], 0, 0, false)
    }

    /// Throws away what is over the limit; the last byte may yet turn out to be the CR of the ending.
    private mutating func reportExcess() -> Event? {
        let endsWithReturn = buffer.count > start && buffer[buffer.count - 1] == Self.carriageReturn
        if isDiscarding {
            (start, scanned) = (buffer.count, buffer.count)
            return nil
        }
        guard buffer.count - start - (endsWithReturn ? 1 : 0) > limit else { return nil }
        (start, scanned, isDiscarding) = (buffer.count, buffer.count, true)
        return .tooLong
    }

    /// Forgets the buffer's content, all of it handed out, and gives memory back that a quiet connection needs not.
    private mutating func empty() {
        if buffer.capacity > 4096 { buffer = [] } else { buffer.removeAll(keepingCapacity: true) }
        (start, scanned) = (0, 0)
    }

    /// Takes the lines that have been handed out off the front.
    private mutating func makeRoom() {
        guard start > 0 else { return }
        buffer.removeSubrange(..<start)
        (start, scanned) = (0, scanned - start)
    }
}
