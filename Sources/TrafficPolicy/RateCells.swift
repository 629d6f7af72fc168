// The only memory of this target that the compiler does not check: an array of atomics, which Swift's arrays cannot
// hold.
import Synchronization

/// Some buckets of ``SharedRateLimiter``: in each the keys of four clients, 0 for none, and after them what is kept for
/// each. A bucket is one cache line.
///
/// Only a handle: copies mean the same memory, which lives until ``deallocate()``.
@safe
struct RateCells {
    /// Clients in a bucket.
    static let bucketSize = 4

    /// Published to other threads as this pointer.
    let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// A power of two.
    let bucketCount: Int

    /// Empty buckets.
    static func allocate(bucketCount: Int) -> RateCells {
        let count = bucketCount * bucketSize * 2
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<UInt64>.stride, alignment: 64)
        let words = unsafe bytes.bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for index in 0..<count {
            // Safe because index < count and this word was not initialised before.
            unsafe (words + index).initialize(to: Atomic(0))
        }
        return unsafe RateCells(words: words, bucketCount: bucketCount)
    }

    init(words: UnsafeMutablePointer<Atomic<UInt64>>, bucketCount: Int) {
        unsafe self.words = words
        self.bucketCount = bucketCount
    }

    /// Frees the memory.
    ///
    /// - Precondition: no other thread uses it, and no handle to it is used again.
    func deallocate() {
        // Atomics of integers need no deinitialisation.
        unsafe UnsafeMutableRawPointer(words).deallocate()
    }

    /// A client's place: the index of its key; what is kept for it follows ``bucketSize`` words later.
    typealias Cell = Int

    /// The first cell of the bucket that a key belongs to.
    @inline(__always)
    func bucket(of key: UInt64) -> Cell {
        Int(truncatingIfNeeded: key &>> 32) & (bucketCount &- 1) &* (Self.bucketSize &* 2)
    }

    @inline(__always)
    func key(_ cell: Cell) -> UInt64 { load(cell) }

    @inline(__always)
    func state(_ cell: Cell) -> UInt64 { load(cell &+ Self.bucketSize) }

    @inline(__always)
    func exchangeKey(_ cell: Cell, expected: UInt64, desired: UInt64) -> Bool {
        exchange(cell, expected, desired).exchanged
    }

    @inline(__always)
    func exchangeState(_ cell: Cell, expected: UInt64, desired: UInt64) -> (exchanged: Bool, original: UInt64) {
        exchange(cell &+ Self.bucketSize, expected, desired)
    }

    @inline(__always)
    private func load(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < bucketCount &* Self.bucketSize &* 2)
        // Safe because the index has just been checked and all words are initialised.
        return unsafe words[index].load(ordering: .acquiring)
    }

    @inline(__always)
    private func exchange(
        _ index: Int, _ expected: UInt64, _ desired: UInt64
    ) -> (exchanged: Bool, original: UInt64) {
        precondition(index >= 0 && index < bucketCount &* Self.bucketSize &* 2)
        // Safe because the index has just been checked and all words are initialised.
        return unsafe words[index].compareExchange(
            expected: expected, desired: desired, ordering: .acquiringAndReleasing)
    }
}

/// The levels of buckets that a limiter has allocated so far, each four times the one before. They live as long as it.
///
/// Unchecked, because pointers are not `Sendable`: these are published once each, by an atomic, and point to atomics.
@safe
struct RateLevels: ~Copyable, @unchecked Sendable {
    /// Buckets of the lowest level.
    static let firstBucketCount = 16
    static let maxCount = 6

    private let pointers: InlineArray<6, Atomic<UnsafeMutablePointer<Atomic<UInt64>>?>>
    /// Levels that are there.
    private let used = Atomic<Int>(0)

    init() {
        unsafe pointers = InlineArray { _ in unsafe Atomic(nil) }
    }

    deinit {
        for level in 0..<Self.maxCount {
            // Safe because nobody else has a reference any more.
            if let words = unsafe pointers[level].load(ordering: .acquiring) {
                unsafe RateCells(words: words, bucketCount: Self.bucketCount(level)).deallocate()
            }
        }
    }

    @inline(__always)
    static func bucketCount(_ level: Int) -> Int { firstBucketCount &<< (level &* 2) }

    @inline(__always)
    var count: Int { used.load(ordering: .acquiring) }

    /// The level's buckets.
    ///
    /// - Precondition: `level` is in `0..<count`.
    @inline(__always)
    subscript(_ level: Int) -> RateCells {
        guard let words = unsafe pointers[level].load(ordering: .acquiring) else {
            preconditionFailure("a level is counted only after it was published")
        }
        return unsafe RateCells(words: words, bucketCount: Self.bucketCount(level))
    }

    /// Makes this level, if no other thread does.
    @inline(never)
    func add(_ level: Int) {
        let cells = RateCells.allocate(bucketCount: Self.bucketCount(level))
        let (exchanged, _) = unsafe pointers[level].compareExchange(
            expected: nil, desired: cells.words, ordering: .acquiringAndReleasing)
        if !exchanged { cells.deallocate() }
        _ = used.compareExchange(expected: level, desired: level + 1, ordering: .acquiringAndReleasing)
    }
}
