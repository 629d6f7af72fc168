import ProxyModel

/// The registry's deadlines: set, moved and cancelled by key, taken in order of time.
///
/// A binary heap with lazy deletion. Moving a deadline later costs no heap work: the entry fires at its old time and is
/// put back. Cancelled entries stay until they surface, or until they are the greater part of the heap, so that memory is
/// bounded by the live deadlines. Deadlines of the same time come in the order in which they entered the heap.
struct TimerQueue<Key: Hashable & Sendable>: Sendable {
    private struct Entry {
        var time: MonotonicTime
        var number: UInt64
        var key: Key

        func precedes(_ other: Entry) -> Bool {
            (time, number) < (other.time, other.number)
        }
    }

    private struct Deadline {
        /// When the key is due.
        var time: MonotonicTime
        /// The number of its one live heap entry, which is never later than `time`.
        var entry: UInt64
        /// The time of that entry.
        var entryTime: MonotonicTime
    }

    private var heap: [Entry] = []
    private var deadlines: [Key: Deadline] = [:]
    private var nextNumber: UInt64 = 0

    /// An empty queue.
    init() {}

    /// The number of deadlines that are set.
    var count: Int { deadlines.count }

    /// The number of heap entries, dead ones included: at most twice ``count`` plus a constant.
    var storedCount: Int { heap.count }

    /// When to look again: never later than the earliest deadline, sometimes earlier. O(1).
    var nextDeadline: MonotonicTime? { heap.first?.time }

    /// The deadline of a key.
    func deadline(of key: Key) -> MonotonicTime? { deadlines[key]?.time }

    /// Sets or moves the key's deadline. O(log n); O(1) where an earlier one is set.
    mutating func set(_ key: Key, at time: MonotonicTime) {
        if let old = deadlines[key], old.entryTime <= time {
            deadlines[key]?.time = time
            return
        }
        deadlines[key] = Deadline(time: time, entry: nextNumber, entryTime: time)
        push(key, at: time)
        compactIfMostlyDead()
    }

    /// Forgets the key's deadline. O(1) amortised.
    mutating func cancel(_ key: Key) {
        guard deadlines.removeValue(forKey: key) != nil else { return }
        compactIfMostlyDead()
    }

    /// Takes a key whose deadline is not after `now`; `nil` where there is none. O(log n).
    mutating func popDue(_ now: MonotonicTime) -> Key? {
        while let top = heap.first, top.time <= now {
            popTop()
            guard let deadline = deadlines[top.key], deadline.entry == top.number else { continue }
            if deadline.time <= now {
                deadlines[top.key] = nil
                compactIfMostlyDead()
                return top.key
            }
            deadlines[top.key] = Deadline(time: deadline.time, entry: nextNumber, entryTime: deadline.time)
            push(top.key, at: deadline.time)
        }
        return nil
    }

    private mutating func push(_ key: Key, at time: MonotonicTime) {
        heap.append(Entry(time: time, number: nextNumber, key: key))
        nextNumber += 1
        siftUp(heap.count - 1)
    }

    private mutating func popTop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown(0)
    }

    private mutating func compactIfMostlyDead() {
        while let top = heap.first, deadlines[top.key]?.entry != top.number { popTop() }
        guard heap.count > 2 * deadlines.count + 64 else { return }
        heap.removeAll { deadlines[$0.key]?.entry != $0.number }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].precedes(heap[least]) { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    /// Checks the heap order and that every deadline has exactly one live entry, not later than itself. O(n).
    func checkInvariants() {
        var live = 0
        for (index, entry) in heap.enumerated() {
            if index > 0 { precondition(!entry.precedes(heap[(index - 1) / 2]), "heap order broken") }
            guard let deadline = deadlines[entry.key], deadline.entry == entry.number else { continue }
            precondition(deadline.entryTime == entry.time && entry.time <= deadline.time, "deadline before its entry")
            live += 1
        }
        precondition(live == deadlines.count, "a deadline has no heap entry")
        precondition(heap.count <= 2 * deadlines.count + 64, "too many dead entries")
    }
}
