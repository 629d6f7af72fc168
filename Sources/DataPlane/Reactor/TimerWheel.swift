/// An element's entry in a wheel. (Not nested and private: Swift 6.3.1 breaks a noncopyable one in a generic slab then.)
struct TimerNode: ~Copyable {
    var deadline = TimerWheel.never
    var next: Int32 = -1
    var previous: Int32 = -1
    var slot: Int32 = -1
}

/// Deadlines of one kind of element, by its index. Coarse (a slot is 2^26 ns, about 67 ms) and lazy: moving a deadline
/// later, which every request does, is one store; the entry moves when the wheel comes by.
struct TimerWheel: ~Copyable {
    static let slotShift: UInt64 = 26
    static let slots = 1024
    static let never = UInt64.max

    private var nodes: Slab<TimerNode>
    private var heads: [Int32]
    private var tick: UInt64
    private var linked = 0

    init(capacity: Int, now: UInt64) {
        nodes = Slab(capacity: capacity) { TimerNode() }
        heads = [Int32](repeating: -1, count: Self.slots)
        tick = now >> Self.slotShift
    }

    /// Makes room for an element index before its first `set`.
    @inline(__always) mutating func reserve(_ index: Int32) {
        while nodes.initialized <= Int(index) { _ = nodes.allocate() }
    }

    /// The element's deadline in monotonic nanoseconds, `never` for none.
    @inline(__always) func deadline(_ index: Int32) -> UInt64 { nodes[index].deadline }

    @inline(__always) mutating func set(_ index: Int32, _ deadline: UInt64) {
        let before = nodes[index].deadline
        nodes[index].deadline = deadline
        if nodes[index].slot < 0 || deadline < before { relink(index) }
    }

    /// Forgets the deadline; the entry is unlinked when the wheel comes by.
    @inline(__always) mutating func cancel(_ index: Int32) { nodes[index].deadline = Self.never }

    /// Milliseconds until the wheel has to turn again, -1 when nothing is linked.
    @inline(__always) func waitLimit() -> Int32 { linked == 0 ? -1 : 100 }

    @inline(never) private mutating func relink(_ index: Int32) {
        let deadline = nodes[index].deadline
        if deadline == Self.never { return }
        let target = (deadline >> Self.slotShift) &+ 1
        let slot = nodes[index].slot
        if slot >= 0 {
            // Only an entry that would be visited too late has to move.
            let distance = (UInt64(slot) &+ UInt64(Self.slots) &- tick % UInt64(Self.slots)) % UInt64(Self.slots)
            if tick &+ distance <= target { return }
            unlink(index)
        }
        let visit = min(max(target, tick &+ 1), tick &+ UInt64(Self.slots) &- 1)
        link(index, slot: Int(visit % UInt64(Self.slots)))
    }

    private mutating func link(_ index: Int32, slot: Int) {
        let first = heads[slot]
        nodes[index].next = first
        nodes[index].previous = -1
        nodes[index].slot = Int32(slot)
        if first >= 0 { nodes[first].previous = index }
        heads[slot] = index
        linked += 1
    }

    private mutating func unlink(_ index: Int32) {
        let next = nodes[index].next
        let previous = nodes[index].previous
        if previous >= 0 { nodes[previous].next = next } else { heads[Int(nodes[index].slot)] = next }
        if next >= 0 { nodes[next].previous = previous }
        nodes[index].slot = -1
        linked -= 1
    }

    /// True when the wheel has slots to pass before `now`.
    @inline(__always) func isDue(_ now: UInt64) -> Bool { now >> Self.slotShift != tick }

    /// The next element whose deadline has passed, its deadline cleared; nil when there is none before `now`.
    @inline(never) mutating func nextExpired(_ now: UInt64) -> Int32? {
        let target = now >> Self.slotShift
        while true {
            let slot = Int(tick % UInt64(Self.slots))
            while heads[slot] >= 0 {
                let index = heads[slot]
                unlink(index)
                let deadline = nodes[index].deadline
                if deadline <= now {
                    nodes[index].deadline = Self.never
                    return index
                }
                relink(index)
            }
            if tick >= target { return nil }
            tick &+= 1
        }
    }
}
