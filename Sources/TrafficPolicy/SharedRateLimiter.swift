import ProxyModel
import Synchronization

/// One limit of requests per client address, counted over all workers. Atomics only, no locks.
///
/// Clients are told apart by ``IPAddress/network64()``. Each has one word (``RateWindow``) in a table of buckets of
/// four. The table begins with 1 KiB at the first request and gets a further level, four times the last, whenever a
/// bucket of the last one is full of clients that were seen within two windows. A client stays in the cell that it has,
/// so nothing moves. The six levels together are 87,360 clients in 1.33 MiB: no flood of addresses makes it grow beyond
/// that. Then the client of the bucket with the fewest requests gives its place away and is forgotten: a flood can make
/// the limiter more generous to others, never stricter.
///
/// The limit is exact however many threads count at once, but for this: where a new client's very first requests come
/// on several threads in the moment in which the table grows, or in which its neighbour's cell expires, each of these
/// threads may let through one request that is not counted.
///
/// A decision counts no references if the caller does not: workers should keep the strong reference beside the route's
/// settings and call through an `Unmanaged` or `unowned(unsafe)` one that goes when the strong one does.
public final class SharedRateLimiter: Sendable {
    /// Requests and window.
    public let settings: RateLimit
    private let window: RateWindow
    private let levels = RateLevels()
    private let levelLimit: Int
    private let firstKey: UInt64
    private let secondKey: UInt64

    /// A limit that nobody has used yet. Allocates nothing for clients.
    ///
    /// - Parameters:
    ///   - settings: Requests and window; no more than 1,073,741,823 requests and no less than 1 ms are taken.
    ///   - seed: Keys the hash of addresses, from a random source: nobody can choose addresses that share a bucket.
    ///   - maximumClients: The bound of the table is the least one of 64, 320, 1344, 5440, 21,824 and 87,360 that is
    ///     not below it, at most the last.
    public init(_ settings: RateLimit, seed: UInt64, maximumClients: Int = 87_360) {
        self.settings = settings
        window = RateWindow(settings)
        firstKey = mixed(seed)
        secondKey = mixed(firstKey) | 1
        var count = 0
        var clients = 0
        repeat {
            clients += RateLevels.bucketCount(count) * RateCells.bucketSize
            count += 1
        } while clients < maximumClients && count < RateLevels.maxCount
        levelLimit = count
    }

    /// Decides on a request from this address, and counts it if it is let through. Any thread.
    ///
    /// Threads whose `now` differ a little are no harm.
    public func decide(_ address: IPAddress, now: MonotonicTime) -> RateDecision {
        let key = key(of: address.network64())
        let position = window.position(of: now)
        while true {
            let count = levels.count
            var level = count &- 1
            while level >= 0 {
                let cells = levels[level]
                let cell = find(key, in: cells)
                if cell >= 0 { return self.count(cell, in: cells, at: position) }
                level &-= 1
            }
            if count > 0 {
                let cells = levels[count &- 1]
                let cell = claim(key, in: cells, at: position, mayGrow: count < levelLimit)
                if cell >= 0 { return self.count(cell, in: cells, at: position) }
                if cell == Self.lost { continue }
            }
            levels.add(count)
        }
    }

    /// Bytes that the table of clients uses.
    public var allocatedBytes: Int {
        (0..<levels.count).reduce(0) { $0 + RateLevels.bucketCount($1) * 64 }
    }

    /// Never 0, which stands for no client.
    @inline(__always)
    private func key(of address: IPAddress) -> UInt64 {
        let family: UInt64 = address.isIPv4 ? 0xA5A5 : 0
        let inner = (address.high ^ firstKey).multipliedFullWidth(by: secondKey)
        return max(mixed(inner.high ^ inner.low ^ address.low ^ family &<< 48), 1)
    }

    @inline(__always)
    private func find(_ key: UInt64, in cells: RateCells) -> Int {
        let first = cells.bucket(of: key)
        for cell in first..<first &+ RateCells.bucketSize where cells.key(cell) == key { return cell }
        return -1
    }

    @inline(__always)
    private func count(_ cell: Int, in cells: RateCells, at position: RateWindow.Position) -> RateDecision {
        var word = cells.state(cell)
        while true {
            var next = word
            let decision = window.decide(&next, at: position)
            if !decision.isAllowed { return decision }
            let (exchanged, current) = cells.exchangeState(cell, expected: word, desired: next)
            if exchanged { return decision }
            word = current
        }
    }

    // MARK: New clients

    /// Another thread was quicker: look again.
    private static let lost = -1
    /// All clients of the bucket count.
    private static let full = -2

    /// A cell for a client that has none. Threads that want cells of one bucket at the same time want the same one, so
    /// a client does not get two.
    @inline(never)
    private func claim(
        _ key: UInt64, in cells: RateCells, at position: RateWindow.Position, mayGrow: Bool
    ) -> Int {
        let first = cells.bucket(of: key)
        var chosen = -1
        var chosenKey: UInt64 = 0
        var chosenState: UInt64 = 0
        var chosenLoad = UInt64.max
        for cell in first..<first + RateCells.bucketSize {
            let other = cells.key(cell)
            if other == key { return cell }
            let state = cells.state(cell)
            if other == 0 || window.isExpired(state, at: position) {
                return cells.exchangeKey(cell, expected: other, desired: key) ? cell : Self.lost
            }
            let load = window.load(state)
            if load < chosenLoad { (chosen, chosenKey, chosenState, chosenLoad) = (cell, other, state, load) }
        }
        if mayGrow { return Self.full }
        // What was counted goes before its client does: the new one must not inherit it.
        guard cells.exchangeState(chosen, expected: chosenState, desired: 0).exchanged else { return Self.lost }
        return cells.exchangeKey(chosen, expected: chosenKey, desired: key) ? chosen : Self.lost
    }
}
