import ProxyModel

/// Elements in the order of the times they are due: a binary heap. Insertion and removal are O(log count).
///
/// An element whose time has changed is simply inserted again; who takes it out later than its present time ignores it.
struct DueQueue<Element> {
    private var heap: [(due: MonotonicTime, element: Element)] = []

    /// How many insertions have not been taken out.
    var count: Int { heap.count }

    /// When the first element is due.
    var first: MonotonicTime? { heap.first?.due }

    mutating func insert(_ element: Element, due: MonotonicTime) {
        heap.append((due, element))
        var child = heap.count - 1
        while child > 0, heap[child].due < heap[(child - 1) / 2].due {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes out the first element if it is due by `now`.
    mutating func popDue(by now: MonotonicTime) -> (due: MonotonicTime, element: Element)? {
        guard let first = heap.first, first.due <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].due < heap[smallest].due { smallest = child }
            }
            guard smallest != parent else { return first }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
