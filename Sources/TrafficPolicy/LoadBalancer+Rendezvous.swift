extension LoadBalancer {
    /// The member that belongs to the hash: always the same while it is there, in proportion to the weights, and a
    /// change of the members moves only the hashes that have to move (weighted rendezvous hashing).
    ///
    /// During a drain each hash moves at most once: the percentage below which it goes is a part of the hash.
    @inlinable
    public static func rendezvous(_ candidates: Span<Candidate>, hash: UInt64) -> Choice {
        let field = Field(candidates, drainsCount: false)
        if field.count <= 1 && !field.hasDraining { return choice(candidates, field.first) }
        let owner = owner(candidates, field, hash: hash)
        if !field.hasDraining { return choice(candidates, owner) }
        let percent = candidates[Int(owner)].trafficPercent
        let draw = scaled(UInt32(truncatingIfNeeded: mixed(hash &+ 1)), below: 100)
        if draw < UInt32(percent) { return choice(candidates, owner) }
        let others = Field(candidates, drainsCount: true)
        if others.rank <= Candidate.standingBack { return choice(candidates, owner) }
        return choice(candidates, self.owner(candidates, others, hash: hash))
    }

    /// The member of the field that the hash belongs to.
    @usableFromInline
    static func owner(_ candidates: Span<Candidate>, _ field: Field, hash: UInt64) -> Int32 {
        var best: Int32 = -1
        var bestScore: UInt64 = 0
        var bestShare: UInt64 = 1
        var position = Int(field.first)
        while position < candidates.count {
            let candidate = candidates[position]
            if field.has(candidate) {
                // With u uniform in (0, 1], -log(u) / weight is least for each member in proportion to its weight.
                let score = minusLog2(UInt32(truncatingIfNeeded: mixed(hash ^ mixed(candidate.key)) &>> 32))
                let share = UInt64(UInt32(bitPattern: candidate.share))
                if best < 0 || score &* bestShare < bestScore &* share {
                    best = Int32(truncatingIfNeeded: position)
                    bestScore = score
                    bestShare = share
                }
            }
            position &+= 1
        }
        return best
    }

    /// The member that a client is kept on, `none` where it has to move: it is gone, unusable, refuses connections or
    /// has drained completely. A drain that is still on, a weight of 0 and a session that is away do not move clients.
    ///
    /// - Parameter key: The `key` of the member, as the client's cookie tells it.
    @inlinable
    public static func sticky(_ candidates: Span<Candidate>, key: UInt64) -> Choice {
        var position = 0
        while position < candidates.count {
            if candidates[position].key == key {
                return candidates[position].rank(drainsCount: true) >= Candidate.standingBack
                    ? Choice(position: Int32(truncatingIfNeeded: position), turn: candidates[position].turn) : .none
            }
            position &+= 1
        }
        return .none
    }

    /// -log2((number + 1) / 2^32) in units of 2^-24, exact to 2^-23.
    @usableFromInline
    static func minusLog2(_ number: UInt32) -> UInt64 {
        let value = UInt64(number) &+ 1
        let exponent = 63 &- value.leadingZeroBitCount
        // value = 2^exponent · mantissa, the mantissa in [1, 2) as a fraction of 2^31. Squaring it doubles its
        // logarithm, whose next bit is whether the square is 2 or more.
        var mantissa = (value &<< 31) &>> UInt64(truncatingIfNeeded: exponent)
        var fraction: UInt64 = 0
        for _ in 0..<24 {
            mantissa = (mantissa &* mantissa) &>> 31
            fraction &<<= 1
            if mantissa >= 1 &<< 32 {
                mantissa &>>= 1
                fraction |= 1
            }
        }
        return (UInt64(truncatingIfNeeded: 32 &- exponent) &<< 24) &- fraction
    }
}
