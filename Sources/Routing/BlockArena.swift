/// One array out of which blocks of differing lengths are given and into which they return.
///
/// Blocks have lengths of certain classes (1, 2, 3, 4, 6, 8, 12, 16, …: at most a third of a block is unused), and a
/// returned block serves the next demand of its class. So nothing ever moves, no change costs more than its own size,
/// and the memory is bounded by the sum over the classes of what was in use at the same time.
@usableFromInline
struct BlockArena<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>: ~Copyable {
    @usableFromInline private(set) var elements: [Element] = []
    private var freeBlocks: [[Int32]] = []
    /// The elements of all blocks that are given out.
    private(set) var used = 0

    init() {}

    /// A block of at least `count` elements, all 0; `capacity(for:)` says of how many.
    mutating func allocate(_ count: Int) -> Int32 {
        let index = Self.sizeClass(for: count)
        let size = Self.size(of: index)
        used += size
        if index < freeBlocks.count, let start = freeBlocks[index].popLast() {
            for position in Int(start)..<Int(start) + size { elements[position] = 0 }
            return start
        }
        let start = Int32(elements.count)
        for _ in 0..<size { elements.append(0) }
        return start
    }

    /// Takes back the block that `allocate(count)` gave.
    mutating func free(_ start: Int32, _ count: Int) {
        let index = Self.sizeClass(for: count)
        while freeBlocks.count <= index { freeBlocks.append([]) }
        freeBlocks[index].append(start)
        used -= Self.size(of: index)
    }

    /// The length of the block that is given for a demand of `count` elements.
    static func capacity(for count: Int) -> Int { size(of: sizeClass(for: count)) }

    @inlinable
    subscript(_ index: Int) -> Element {
        @inline(__always) get { elements[index] }
        @inline(__always) set { elements[index] = newValue }
    }

    /// Reserves room, so that growing up to there copies nothing.
    mutating func reserve(_ count: Int) { elements.reserveCapacity(count) }

    /// The elements of all blocks that have returned; for invariants.
    var free: Int {
        freeBlocks.indices.reduce(0) { $0 + freeBlocks[$1].count * Self.size(of: $1) }
    }

    // Class 0 has one element; then come, for each power of two from 2 on, that power and one and a half of it.
    private static func sizeClass(for count: Int) -> Int {
        if count <= 1 { return 0 }
        let exponent = Int.bitWidth - 1 - count.leadingZeroBitCount
        let power = 1 << exponent
        if count == power { return exponent * 2 - 1 }
        return count <= power + power / 2 ? exponent * 2 : exponent * 2 + 1
    }

    private static func size(of index: Int) -> Int {
        if index == 0 { return 1 }
        let power = 1 << ((index + 1) / 2)
        return index % 2 == 1 ? power : power + power / 2
    }
}
