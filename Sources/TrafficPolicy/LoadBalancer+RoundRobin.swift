extension LoadBalancer {
    /// How far a member with weight 1 moves on the clock of its group with each turn; one with weight w moves a w-th of
    /// it.
    @usableFromInline static let lap: UInt64 = 1 << 20

    @usableFromInline
    @inline(__always)
    static func step(_ candidate: Candidate) -> UInt64 {
        lap / UInt64(UInt32(bitPattern: candidate.share))
    }

    /// The member whose turn comes next; each gets turns in proportion to its weight, evenly spread.
    ///
    /// The only state is each member's next turn, which the caller keeps with the member: it stores the `turn` of the
    /// answer there. A member that is new, or has stood back for a while, joins in where the others are; it neither
    /// catches up what it missed nor waits.
    ///
    /// - Parameter random: Decides only what a draining member gets, which has no turns.
    @inlinable
    public static func roundRobin(_ candidates: Span<Candidate>, random: UInt64) -> Choice {
        var field = Field(candidates, drainsCount: false)
        if field.hasDraining, let member = drain(&field, candidates, random) { return choice(candidates, member) }
        if field.count == 0 { return .none }
        let now = time(candidates, field)
        var best = field.first
        var bestTurn = turn(candidates[Int(best)], notBefore: now)
        var position = Int(best) &+ 1
        while position < candidates.count {
            let candidate = candidates[position]
            if field.has(candidate) {
                let turn = turn(candidate, notBefore: now)
                if isBefore(turn, bestTurn) {
                    best = Int32(truncatingIfNeeded: position)
                    bestTurn = turn
                }
            }
            position &+= 1
        }
        return Choice(position: best, turn: bestTurn &+ step(candidates[Int(best)]))
    }

    /// The time of the group's clock: when the last member had its turn, which is one of its steps ago.
    @usableFromInline
    @inline(__always)
    static func time(_ candidates: Span<Candidate>, _ field: Field) -> UInt64 {
        var time = candidates[Int(field.first)].turn &- step(candidates[Int(field.first)])
        var position = Int(field.first) &+ 1
        while position < candidates.count {
            let candidate = candidates[position]
            if field.has(candidate) {
                let last = candidate.turn &- step(candidate)
                if isBefore(time, last) { time = last }
            }
            position &+= 1
        }
        return time
    }

    @usableFromInline
    @inline(__always)
    static func turn(_ candidate: Candidate, notBefore now: UInt64) -> UInt64 {
        isBefore(candidate.turn, now) ? now : candidate.turn
    }

    /// Earlier on a clock that may wrap round.
    @usableFromInline
    @inline(__always)
    static func isBefore(_ left: UInt64, _ right: UInt64) -> Bool {
        Int64(bitPattern: left &- right) < 0
    }
}
