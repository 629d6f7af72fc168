import ProxyModel

/// The arithmetic of one limit: how many requests a client has made, as an estimate over a sliding window, in one word.
///
/// Time is divided into windows. A client is let through while the requests of the current window, and those of the one
/// before as far as the last `window` reaches into it, are below the limit; what was refused does not count. So a
/// client that was idle gets exactly the limit; over any window the estimate takes the requests of the window before as
/// evenly spread.
struct RateWindow: Sendable {
    /// Bits 0...29: requests in the current window; 30...39: those of the one before, in units of ``unit``; 40...63:
    /// the number of the current window.
    private static let countMask: UInt64 = 1 << 30 - 1
    private static let previousMask: UInt64 = 1 << 10 - 1
    private static let numberMask: UInt64 = 1 << 24 - 1
    /// So many windows may a worker's clock be behind another's.
    private static let tolerance: UInt64 = 64

    /// Requests per window.
    let limit: UInt64
    /// Nanoseconds.
    let length: UInt64
    /// What the ten bits for the window before count in: single requests up to a limit of 1023; above, the estimate is
    /// too high by up to a thousandth of the limit.
    private let unit: UInt64

    init(_ settings: RateLimit) {
        limit = UInt64(min(max(settings.requests, 1), Int(Self.countMask)))
        length = UInt64(max(settings.window.clampedNanoseconds, 1_000_000))
        unit = (limit + Self.previousMask - 1) / Self.previousMask
    }

    /// Where a moment lies: the number of its window and how much of that is left.
    struct Position {
        var number: UInt64
        var left: UInt64
    }

    @inline(__always)
    func position(of now: MonotonicTime) -> Position {
        let (number, elapsed) = now.nanoseconds.quotientAndRemainder(dividingBy: length)
        return Position(number: number & Self.numberMask, left: length &- elapsed)
    }

    /// Decides on one request.
    ///
    /// - Parameters:
    ///   - word: What is kept for the client; 0 for one that is new. Counts the request if it is let through.
    @inline(__always)
    func decide(_ word: inout UInt64, at position: Position) -> RateDecision {
        var current = word & Self.countMask
        var previous = (word >> 30 & Self.previousMask) &* unit
        var number = position.number
        var left = position.left
        let age = (position.number &- word >> 40) & Self.numberMask
        if age == 1 {
            previous = (current &+ unit &- 1) / unit &* unit
            current = 0
        } else if isExpired(word, at: position) {
            previous = 0
            current = 0
        } else if age != 0 {
            // This worker's clock is behind that of the one that began the next window.
            number = word >> 40
            left = length
        }
        let used = min(current &+ carried(previous, left), limit)
        guard used < limit else { return refusal(current, previous, left) }
        current &+= 1
        word = number << 40 | (previous / unit) << 30 | current
        return RateDecision(
            isAllowed: true, limit: Int(limit), remaining: Int(limit &- used &- 1), untilReset: left, untilAllowed: 0)
    }

    /// Whether nothing that is kept in the word matters any more.
    @inline(__always)
    func isExpired(_ word: UInt64, at position: Position) -> Bool {
        let age = (position.number &- word >> 40) & Self.numberMask
        return word == 0 || (age > 1 && age <= Self.numberMask &- Self.tolerance)
    }

    /// How much would be forgotten with the word: an estimate of the client's requests.
    @inline(__always)
    func load(_ word: UInt64) -> UInt64 {
        word & Self.countMask &+ (word >> 30 & Self.previousMask) &* unit
    }

    private func refusal(_ current: UInt64, _ previous: UInt64, _ left: UInt64) -> RateDecision {
        let wait: UInt64
        if current < limit {
            // In this window, once enough of the one before has slid out: previous · left / length <= limit - 1 -
            // current.
            wait = left &- min(left, Self.portion(length, limit &- 1 &- current, of: previous).quotient)
        } else {
            // In the next window, once enough of this one, as it is kept then, has slid out.
            let kept = (current &+ unit &- 1) / unit &* unit
            wait = left &+ length &- Self.portion(length, limit &- 1, of: kept).quotient
        }
        return RateDecision(
            isAllowed: false, limit: Int(limit), remaining: 0, untilReset: left, untilAllowed: wait)
    }

    /// count · part / whole, where part is not more than whole.
    @inline(__always)
    private static func portion(
        _ count: UInt64, _ part: UInt64, of whole: UInt64
    ) -> (quotient: UInt64, remainder: UInt64) {
        whole.dividingFullWidth(count.multipliedFullWidth(by: min(part, whole)))
    }

    /// What of the requests of the window before still counts, rounded up: too low would let too many through.
    @inline(__always)
    private func carried(_ previous: UInt64, _ left: UInt64) -> UInt64 {
        if previous == 0 { return 0 }
        let (quotient, remainder) = Self.portion(previous, left, of: length)
        return remainder == 0 ? quotient : quotient &+ 1
    }
}
