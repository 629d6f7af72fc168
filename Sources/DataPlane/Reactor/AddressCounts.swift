import ProxyModel
import Synchronization

/// Downstream connections per client address, for the limit; touched per connection, and only where the limit is set.
final class AddressCounts: Sendable {
    private let counts = Mutex<[IPAddress: Int]>([:])

    /// Counts one more unless that would exceed the limit.
    func tryAdd(_ address: IPAddress, limit: Int) -> Bool {
        counts.withLock { counts in
            let held = counts[address, default: 0]
            if held >= limit { return false }
            counts[address] = held + 1
            return true
        }
    }

    func remove(_ address: IPAddress) {
        counts.withLock { counts in
            guard let held = counts[address] else { return }
            counts[address] = held > 1 ? held - 1 : nil
        }
    }
}
