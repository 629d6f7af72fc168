import ProxyModel

/// Chooses the member of a group that takes a request. Pure, without allocation; O(number of candidates).
///
/// The members of the highest rank come into question (see ``Candidate``), a draining member only in proportion to what
/// is left of its traffic (``Field/drained(_:owner:draw:)``); the policy decides among them. Randomness is an argument.
public enum LoadBalancer {
    /// Chooses by the policy of the group.
    ///
    /// - Parameter source: A hash of the client's address; only `sourceHash` looks at it.
    @inlinable
    public static func choose(
        _ policy: LoadBalancing, from candidates: Span<Candidate>, random: UInt64, source: UInt64
    ) -> Choice {
        switch policy {
        case .p2c: p2c(candidates, random: random)
        case .roundRobin: roundRobin(candidates, random: random)
        case .leastRequests: leastRequests(candidates, random: random)
        case .sourceHash: rendezvous(candidates, hash: source)
        }
    }

    /// Of two members drawn at random by weight the one with fewer requests in flight for its weight.
    @inlinable
    public static func p2c(_ candidates: Span<Candidate>, random: UInt64) -> Choice {
        var field = Field(candidates, drainsCount: false)
        if field.hasDraining, let member = drain(&field, candidates, random) { return choice(candidates, member) }
        if field.count <= 1 { return choice(candidates, field.first) }
        let first = field.member(candidates, UInt32(truncatingIfNeeded: random))
        let second = field.member(candidates, UInt32(truncatingIfNeeded: random &>> 32), without: first)
        return choice(candidates, isLess(candidates[Int(second)], candidates[Int(first)]) ? second : first)
    }

    /// The member with the fewest requests in flight for its weight; among equals one at random.
    @inlinable
    public static func leastRequests(_ candidates: Span<Candidate>, random: UInt64) -> Choice {
        var field = Field(candidates, drainsCount: false)
        if field.hasDraining, let member = drain(&field, candidates, random) { return choice(candidates, member) }
        if field.count <= 1 { return choice(candidates, field.first) }
        var best = field.first
        var weight: UInt32 = UInt32(bitPattern: candidates[Int(best)].share)
        var bits = random
        var position = Int(best) &+ 1
        while position < candidates.count {
            let candidate = candidates[position]
            if field.has(candidate) {
                let share = UInt32(bitPattern: candidate.share)
                if isLess(candidate, candidates[Int(best)]) {
                    best = Int32(truncatingIfNeeded: position)
                    weight = share
                } else if !isLess(candidates[Int(best)], candidate) {
                    // Takes the place with the probability of its share among the equals so far: in the end each has
                    // had a chance in proportion to its weight.
                    weight &+= share
                    bits = mixed(bits)
                    if scaled(UInt32(truncatingIfNeeded: bits), below: weight) < share {
                        best = Int32(truncatingIfNeeded: position)
                    }
                }
            }
            position &+= 1
        }
        return choice(candidates, best)
    }

    /// Fewer requests in flight for its weight.
    @usableFromInline
    @inline(__always)
    static func isLess(_ left: Candidate, _ right: Candidate) -> Bool {
        Int64(left.outstanding) &* Int64(right.share) < Int64(right.outstanding) &* Int64(left.share)
    }

    @usableFromInline
    @inline(__always)
    static func choice(_ candidates: Span<Candidate>, _ position: Int32) -> Choice {
        position < 0 ? .none : Choice(position: position, turn: candidates[Int(position)].turn)
    }

    /// Decides what a drain leaves to the policy: the draining member that gets the request, or `nil` and the field.
    @usableFromInline
    @inline(never)
    static func drain(_ field: inout Field, _ candidates: Span<Candidate>, _ random: UInt64) -> Int32? {
        let bits = mixed(random)
        let owner = field.member(candidates, UInt32(truncatingIfNeeded: bits))
        let draw = scaled(UInt32(truncatingIfNeeded: bits &>> 32), below: 100)
        switch field.drained(candidates, owner: owner, draw: draw) {
        case .member(let member): return member
        case .field(let others):
            field = others
            return nil
        }
    }
}
