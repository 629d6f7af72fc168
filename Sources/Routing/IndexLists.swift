/// A list of indices in the order of insertion, kept in ``IndexLists``. A list of one needs no block.
@usableFromInline
struct IndexList: BitwiseCopyable {
    /// The start of the block; where there is none, the element itself.
    @usableFromInline var start: Int32 = -1
    @usableFromInline var count: Int32 = 0
    /// What the block holds; 0 where there is none.
    @usableFromInline var capacity: Int32 = 0

    init() {}
}

/// The blocks of all ``IndexList``s of a table.
@usableFromInline
struct IndexLists: ~Copyable {
    @usableFromInline private(set) var arena = BlockArena<Int32>()

    /// The element at `position`.
    ///
    /// - Precondition: `position` is in `0..<list.count`.
    @inlinable
    @inline(__always)
    func element(_ position: Int, of list: IndexList) -> Int32 {
        precondition(position >= 0 && position < Int(list.count), "a group has no member at this position")
        return list.capacity == 0 ? list.start : arena[Int(list.start) &+ position]
    }

    /// Reserves room, so that growing up to there copies nothing.
    mutating func reserve(_ count: Int) { arena.reserve(count) }

    /// Appends an element. Amortised O(1).
    mutating func append(_ element: Int32, to list: inout IndexList) {
        if list.count == 0 {
            list.start = element
        } else {
            if list.count >= list.capacity { grow(&list) }
            arena[Int(list.start + list.count)] = element
        }
        list.count += 1
    }

    /// Removes the element, if it is there; those after it move up. O(length of the list).
    mutating func remove(_ element: Int32, from list: inout IndexList) {
        guard let position = (0..<Int(list.count)).first(where: { self.element($0, of: list) == element }) else {
            return
        }
        list.count -= 1
        if list.capacity == 0 {
            list = IndexList()
            return
        }
        let start = Int(list.start)
        for index in start + position..<start + Int(list.count) { arena[index] = arena[index + 1] }
        if list.count == 1 {
            let last = arena[start]
            arena.free(list.start, Int(list.capacity))
            list.start = last
            list.capacity = 0
        }
    }

    /// Gives back the list's block.
    mutating func clear(_ list: inout IndexList) {
        if list.capacity > 0 { arena.free(list.start, Int(list.capacity)) }
        list = IndexList()
    }

    private mutating func grow(_ list: inout IndexList) {
        let capacity = BlockArena<Int32>.capacity(for: Int(list.count) + 1)
        let block = arena.allocate(capacity)
        for position in 0..<Int(list.count) { arena[Int(block) + position] = element(position, of: list) }
        if list.capacity > 0 { arena.free(list.start, Int(list.capacity)) }
        list.start = block
        list.capacity = Int32(capacity)
    }
}
