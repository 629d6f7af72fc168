import Testing

@testable import DataPlane

@Suite struct TimerWheelTests {
    private static let second: UInt64 = 1_000_000_000

    private func expired(_ wheel: inout TimerWheel, at now: UInt64) -> [Int32] {
        var result: [Int32] = []
        while let index = wheel.nextExpired(now) { result.append(index) }
        return result.sorted()
    }

    @Test func nothingExpiresEarlyAndAllWithinASlotOfTheDeadline() {
        var wheel = TimerWheel(capacity: 16, now: 5 * Self.second)
        wheel.reserve(2)
        wheel.set(0, 6 * Self.second)
        wheel.set(2, 8 * Self.second)
        #expect(expired(&wheel, at: 6 * Self.second - 1).isEmpty)
        #expect(expired(&wheel, at: 6 * Self.second + (1 << TimerWheel.slotShift)) == [0])
        #expect(expired(&wheel, at: 9 * Self.second) == [2])
        #expect(expired(&wheel, at: 100 * Self.second).isEmpty)
    }

    @Test func aDeadlineCanMoveBothWays() {
        var wheel = TimerWheel(capacity: 16, now: 0)
        wheel.reserve(1)
        wheel.set(0, 10 * Self.second)
        wheel.set(0, 2 * Self.second)
        wheel.set(1, 2 * Self.second)
        wheel.set(1, 30 * Self.second)
        #expect(expired(&wheel, at: 3 * Self.second) == [0])
        #expect(expired(&wheel, at: 29 * Self.second).isEmpty)
        #expect(expired(&wheel, at: 31 * Self.second) == [1])
    }

    @Test func aCancelledDeadlineNeverComes() {
        var wheel = TimerWheel(capacity: 16, now: 0)
        wheel.reserve(0)
        wheel.set(0, Self.second)
        wheel.cancel(0)
        #expect(expired(&wheel, at: 5 * Self.second).isEmpty)
        #expect(wheel.waitLimit() == -1)
    }

    @Test func deadlinesBeyondTheWheelGoRoundMoreThanOnce() {
        var wheel = TimerWheel(capacity: 16, now: 0)
        wheel.reserve(0)
        wheel.set(0, 3_600 * Self.second)
        for minute in 1..<60 { #expect(expired(&wheel, at: UInt64(minute) * 60 * Self.second).isEmpty) }
        #expect(expired(&wheel, at: 3_601 * Self.second) == [0])
    }

    @Test func agreesWithAPlainListOverManyRandomSteps() {
        var wheel = TimerWheel(capacity: 64, now: 0)
        wheel.reserve(63)
        var model = [UInt64](repeating: TimerWheel.never, count: 64)
        var state: UInt64 = 0x1234_5678_9abc_def1
        func random(_ bound: UInt64) -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % bound
        }
        var now: UInt64 = 0
        for _ in 0..<20_000 {
            let index = Int32(random(64))
            switch random(4) {
            case 0:
                wheel.cancel(index)
                model[Int(index)] = TimerWheel.never
            case 1, 2:
                let deadline = now + random(200 * Self.second)
                wheel.set(index, deadline)
                model[Int(index)] = deadline
            default:
                now += random(5 * Self.second)
                for found in expired(&wheel, at: now) {
                    #expect(model[Int(found)] <= now)
                    model[Int(found)] = TimerWheel.never
                }
                let late = model.filter { $0 != TimerWheel.never && $0 + (2 << TimerWheel.slotShift) < now }
                #expect(late.isEmpty)
            }
        }
    }
}
