/// How long things took: counts in buckets that are so narrow that every quantile is within 1.6 % of the true one.
///
/// Microseconds up to 31 have a bucket each; above, each octave (twice as long) is divided into 32. Only octaves in
/// which something was counted use memory, 256 bytes each: a route without traffic none, one whose answers take
/// between 1 and 60 ms 1.5 KiB. One writer; merged when read.
public struct LatencyHistogram: Sendable {
    /// What is longer counts as this long: 71 minutes.
    public static let maximum: UInt64 = (1 << 32) - 1

    // Octave 0 has 0...31, octave k the 32 buckets from 32 · 2^(k-1) on.
    private var counts = LazyCounts<28, 32>()
    /// How many were counted.
    public private(set) var count: UInt64 = 0
    /// The sum in microseconds.
    public private(set) var total: UInt64 = 0

    /// An empty histogram.
    public init() {}

    /// Counts one that took so many microseconds.
    @inline(__always)
    public mutating func record(microseconds: UInt64) {
        let value = min(microseconds, Self.maximum)
        count &+= 1
        total &+= value
        // 0 for the values below 32, which have as many bits as 31 at most.
        let octave = 59 &- (value | 31).leadingZeroBitCount
        let shift = max(octave &- 1, 0)
        counts.increment(block: octave, lane: Int(truncatingIfNeeded: (value &>> UInt64(shift)) & 31))
    }

    /// Adds what another histogram counted.
    public mutating func merge(_ other: LatencyHistogram) {
        counts.merge(other.counts)
        count &+= other.count
        total &+= other.total
    }

    /// The quantile in microseconds, 0 where nothing was counted: 950 ‰ is the time that 95 % did not exceed.
    ///
    /// - Parameter permille: 0...1000; 0 is the least, 1000 the most that was counted (the middle of its bucket).
    public func quantile(permille: Int) -> UInt64 {
        precondition((0...1000).contains(permille), "a quantile is between 0 and 1000 permille")
        let (product, remainder) = count.quotientAndRemainder(dividingBy: 1000)
        let wanted = max(product * UInt64(permille) + (remainder * UInt64(permille) + 999) / 1000, 1)
        var seen: UInt64 = 0
        var answer: UInt64 = 0
        counts.visit { octave, lane, count in
            if seen < wanted { answer = Self.middle(octave: octave, lane: lane) }
            seen += count
        }
        return answer
    }

    /// The mean in microseconds, 0 where nothing was counted.
    public var average: UInt64 { count == 0 ? 0 : total / count }

    /// The bytes that the counters use.
    public var allocatedBytes: Int { counts.allocatedBytes }

    private static func middle(octave: Int, lane: Int) -> UInt64 {
        if octave == 0 { return UInt64(lane) }
        let width: UInt64 = 1 << UInt64(octave - 1)
        return UInt64(32 + lane) * width + width / 2
    }
}
