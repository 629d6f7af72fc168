/// `blocks` × `width` counters, of which those blocks use memory that have counted something.
@usableFromInline
struct LazyCounts<let blocks: Int, let width: Int>: Sendable {
    /// For each block one more than its place in ``counts``, 0 while it has none.
    @usableFromInline private(set) var places = InlineArray<blocks, UInt8>(repeating: 0)
    @usableFromInline private(set) var counts: [UInt64] = []

    init() {}

    /// Counts one more. Allocates only for the first of a block.
    @inline(__always)
    mutating func increment(block: Int, lane: Int) {
        var place = Int(places[block])
        if place == 0 { place = addBlock(block) }
        counts[(place &- 1) &* width &+ lane] &+= 1
    }

    /// The count.
    func count(block: Int, lane: Int) -> UInt64 {
        let place = Int(places[block])
        return place == 0 ? 0 : counts[(place - 1) * width + lane]
    }

    /// Calls `body` with all counts that are not zero, in order.
    func visit(_ body: (_ block: Int, _ lane: Int, _ count: UInt64) -> Void) {
        for block in 0..<blocks where places[block] != 0 {
            for lane in 0..<width {
                let found = count(block: block, lane: lane)
                if found > 0 { body(block, lane, found) }
            }
        }
    }

    /// Adds the other's counts.
    mutating func merge(_ other: Self) {
        for block in 0..<blocks where other.places[block] != 0 {
            if places[block] == 0 { _ = addBlock(block) }
            let mine = (Int(places[block]) - 1) * width
            let theirs = (Int(other.places[block]) - 1) * width
            for lane in 0..<width { counts[mine + lane] &+= other.counts[theirs + lane] }
        }
    }

    /// The bytes that the counters use.
    var allocatedBytes: Int { counts.count * MemoryLayout<UInt64>.stride }

    @inline(never)
    private mutating func addBlock(_ block: Int) -> Int {
        // Exactly as much as is needed: most routes stay within a few blocks for ever.
        counts.reserveCapacity(counts.count + width)
        for _ in 0..<width { counts.append(0) }
        let place = counts.count / width
        places[block] = UInt8(place)
        return place
    }
}
