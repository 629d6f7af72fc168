/// Records at stable indices, and a hash table over those of them that are linked.
///
/// The table is chained and grows by linear hashing: each new record adds at most one bucket and splits one chain, so
/// that no single change pays for the growth of all.
@usableFromInline
struct HashedPool<Value: BitwiseCopyable>: ~Copyable {
    /// A record with its place in a chain.
    @usableFromInline
    struct Cell: BitwiseCopyable {
        @usableFromInline var hash: UInt32
        /// The next of the chain, or of the free records; -1 for none.
        @usableFromInline var next: Int32
        @usableFromInline var value: Value
    }

    @usableFromInline private(set) var cells: [Cell] = []
    /// The first record of each chain, -1 for none.
    private(set) var buckets: [Int32] = [-1]
    /// Buckets are addressed with these bits of the hash, those that are not there yet without the highest one.
    private var mask: UInt32 = 0
    private var firstFree: Int32 = -1
    /// Records in use, linked or not.
    private(set) var count = 0
    /// Records that the table finds.
    private(set) var linkedCount = 0

    init() {}

    /// Reserves address space, so that growing up to so many records copies nothing.
    mutating func reserve(_ count: Int) {
        cells.reserveCapacity(count)
        buckets.reserveCapacity(count)
    }

    /// A record that the table does not find yet.
    mutating func allocate(_ value: Value) -> Int32 {
        count += 1
        guard firstFree >= 0 else {
            cells.append(Cell(hash: 0, next: -1, value: value))
            return Int32(cells.count - 1)
        }
        let index = firstFree
        firstFree = cells[Int(index)].next
        cells[Int(index)] = Cell(hash: 0, next: -1, value: value)
        return index
    }

    /// Takes back a record that is not linked.
    mutating func free(_ index: Int32) {
        cells[Int(index)].next = firstFree
        firstFree = index
        count -= 1
    }

    @inline(__always)
    subscript(_ index: Int32) -> Value {
        get { cells[Int(index)].value }
        _modify { yield &cells[Int(index)].value }
    }

    /// The first record of the chain that records of this hash are in; -1 for none.
    @inline(__always)
    func first(_ hash: UInt32) -> Int32 {
        buckets[Int(bucket(of: hash))]
    }

    @inline(__always)
    private func bucket(of hash: UInt32) -> UInt32 {
        let index = hash & mask
        return Int(index) < buckets.count ? index : hash & (mask &>> 1)
    }

    /// Lets the table find the record under this hash. Amortised O(1), at worst the length of two chains.
    mutating func link(_ index: Int32, hash: UInt32) {
        linkedCount += 1
        if linkedCount > buckets.count { addBucket() }
        push(index, hash: hash)
    }

    /// Takes a linked record out of the table.
    mutating func unlink(_ index: Int32) {
        let bucket = Int(bucket(of: cells[Int(index)].hash))
        let next = cells[Int(index)].next
        var current = buckets[bucket]
        if current == index {
            buckets[bucket] = next
        } else {
            while cells[Int(current)].next != index { current = cells[Int(current)].next }
            cells[Int(current)].next = next
        }
        cells[Int(index)].next = -1
        linkedCount -= 1
    }

    /// Puts `new` into the table in place of `old`, with the same hash.
    mutating func relink(_ old: Int32, to new: Int32) {
        let hash = cells[Int(old)].hash
        unlink(old)
        link(new, hash: hash)
    }

    private mutating func push(_ index: Int32, hash: UInt32) {
        let bucket = Int(bucket(of: hash))
        cells[Int(index)].hash = hash
        cells[Int(index)].next = buckets[bucket]
        buckets[bucket] = index
    }

    /// Adds one bucket and moves to it what belongs there of the chain that shared its address until now.
    private mutating func addBucket() {
        if buckets.count > Int(mask) { mask = mask << 1 | 1 }
        let shared = buckets.count & Int(mask >> 1)
        var current = buckets[shared]
        buckets[shared] = -1
        buckets.append(-1)
        while current >= 0 {
            let next = cells[Int(current)].next
            push(current, hash: cells[Int(current)].hash)
            current = next
        }
    }
}
