import ProxyModel
import Testing

@testable import Registry

@Suite struct TimerQueueTests {
    private func time(_ number: Int) -> MonotonicTime { MonotonicTime(nanoseconds: UInt64(number)) }

    @Test func `keys come in order of time`() {
        var queue = TimerQueue<Int>()
        for (key, number) in [3, 1, 2, 5, 4].enumerated() { queue.set(key, at: time(number)) }
        #expect(queue.nextDeadline == time(1))
        var order: [Int] = []
        while let key = queue.popDue(time(4)) { order.append(key) }
        #expect(order == [1, 2, 0, 4])
        #expect(queue.count == 1 && queue.nextDeadline == time(5))
    }

    @Test func `a deadline can be moved both ways and cancelled`() {
        var queue = TimerQueue<Int>()
        queue.set(1, at: time(10))
        queue.set(1, at: time(20))
        #expect(queue.deadline(of: 1) == time(20))
        #expect(queue.popDue(time(19)) == nil)
        queue.set(1, at: time(5))
        #expect(queue.popDue(time(5)) == 1)
        #expect(queue.popDue(time(100)) == nil)
        queue.set(2, at: time(1))
        queue.cancel(2)
        queue.cancel(2)
        #expect(queue.popDue(time(100)) == nil && queue.nextDeadline == nil)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `it agrees with a plain dictionary`(seed: UInt64) {
        var random = Numbers(state: seed)
        var queue = TimerQueue<Int>()
        var model: [Int: MonotonicTime] = [:]
        var now = 0
        for _ in 0..<5000 {
            let key = Int(random.next() % 40)
            switch random.next() % 8 {
            case 0..<5:
                let deadline = time(now + Int(random.next() % 100))
                queue.set(key, at: deadline)
                model[key] = deadline
            case 5:
                queue.cancel(key)
                model[key] = nil
            default:
                now += Int(random.next() % 20)
                let due = model.filter { $0.value <= time(now) }
                var popped: Set<Int> = []
                while let key = queue.popDue(time(now)) { popped.insert(key) }
                #expect(popped == Set(due.keys))
                for key in due.keys { model[key] = nil }
            }
            queue.checkInvariants()
            #expect(queue.count == model.count)
            if let first = model.values.min() { #expect(queue.nextDeadline.map { $0 <= first } == true) }
        }
    }

    @Test func `memory is bound to the live deadlines`() {
        var queue = TimerQueue<Int>()
        for key in 0..<100_000 {
            queue.set(key, at: time(1_000_000 - key))
            queue.cancel(key)
        }
        #expect(queue.count == 0 && queue.storedCount <= 64)
        for number in 0..<100_000 { queue.set(1, at: time(1_000_000 - number)) }
        #expect(queue.storedCount <= 66)
    }

    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}
