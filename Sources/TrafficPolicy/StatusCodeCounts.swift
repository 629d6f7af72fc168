/// How often each status code was answered: any from 100 to 599, in memory that follows how many neighbours (of 16)
/// were seen. One writer; merged when read.
public struct StatusCodeCounts: Sendable {
    private var counts = LazyCounts<38, 16>()

    /// No code yet.
    public init() {}

    /// Counts a response; what is no status code is not counted.
    @inline(__always)
    public mutating func record(_ code: Int) {
        guard code >= 100 && code < 600 else { return }
        counts.increment(block: code &>> 4, lane: code & 15)
    }

    /// How often the code was answered.
    public subscript(_ code: Int) -> UInt64 {
        (100..<600).contains(code) ? counts.count(block: code >> 4, lane: code & 15) : 0
    }

    /// Adds what another counted.
    public mutating func merge(_ other: StatusCodeCounts) {
        counts.merge(other.counts)
    }

    /// All codes that were answered.
    public var all: [Int: UInt64] {
        var all: [Int: UInt64] = [:]
        counts.visit { block, lane, count in all[block << 4 | lane] = count }
        return all
    }

    /// The bytes that the counters use.
    public var allocatedBytes: Int { counts.allocatedBytes }
}
