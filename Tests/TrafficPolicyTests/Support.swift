import ProxyModel

@testable import TrafficPolicy

/// A small repeatable series of random numbers (xorshift64*), independent of the one under test.
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed == 0 ? 1 : seed }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// Runs the work so often at the same time, as far as there are cores, and returns the sum of its results.
func inParallel(_ count: Int, _ work: @escaping @Sendable (Int) -> Int) async -> Int {
    await withTaskGroup(of: Int.self) { group in
        for index in 0..<count { group.addTask { work(index) } }
        return await group.reduce(0, +)
    }
}

extension MonotonicTime {
    static func seconds(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: UInt64(seconds * 1_000_000_000))
    }
}

extension Moment {
    static func seconds(_ seconds: Double) -> Moment {
        Moment(monotonic: .seconds(seconds), wall: WallTime(seconds: 1_000_000 + Int64(seconds)))
    }
}
