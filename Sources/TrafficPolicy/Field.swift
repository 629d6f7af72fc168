/// The candidates that come into question for one request: those of the highest rank.
@usableFromInline
struct Field {
    /// Their rank.
    @usableFromInline var rank: UInt8 = 0
    /// How many they are.
    @usableFromInline var count: Int32 = 0
    /// The first of them, -1 for none.
    @usableFromInline var first: Int32 = -1
    /// The sum of their weights.
    @usableFromInline var weight: UInt32 = 0
    /// Whether one of them is draining.
    @usableFromInline var hasDraining = false
    /// Whether these are all candidates there are.
    @usableFromInline var isWhole = false
    /// Whether those that drain stand back.
    @usableFromInline let drainsCount: Bool

    @inlinable
    @inline(__always)
    init(_ candidates: Span<Candidate>, drainsCount: Bool) {
        self.drainsCount = drainsCount
        var position = 0
        while position < candidates.count {
            let candidate = candidates[position]
            let rank = candidate.rank(drainsCount: drainsCount)
            if rank > self.rank {
                self.rank = rank
                count = 0
                weight = 0
                hasDraining = false
                first = Int32(truncatingIfNeeded: position)
            }
            if rank == self.rank && rank > 0 {
                count &+= 1
                weight &+= UInt32(bitPattern: candidate.share)
                hasDraining = hasDraining || candidate.trafficPercent < 100
            }
            position &+= 1
        }
        isWhole = Int(count) == candidates.count
    }

    @usableFromInline
    @inline(__always)
    func has(_ candidate: Candidate) -> Bool {
        isWhole || candidate.rank(drainsCount: drainsCount) == rank
    }

    /// One of them, drawn in proportion to the weights among all but `other`.
    ///
    /// - Precondition: there is one.
    @inlinable
    @inline(__always)
    func member(_ candidates: Span<Candidate>, _ random: UInt32, without other: Int32 = -1) -> Int32 {
        let excluded = other < 0 ? 0 : UInt32(bitPattern: candidates[Int(other)].share)
        var mark = scaled(random, below: weight &- excluded)
        var position = first
        var chosen = first
        while Int(position) < candidates.count {
            let candidate = candidates[Int(position)]
            if position != other && has(candidate) {
                chosen = position
                let share = UInt32(bitPattern: candidate.share)
                if mark < share { return position }
                mark &-= share
            }
            position &+= 1
        }
        return chosen
    }

    /// What a drain makes of the field.
    @usableFromInline
    enum Drained {
        /// The request is one of those that a draining member still gets.
        case member(Int32)
        /// The others are to choose from.
        case field(Field)
    }

    /// Decides a request of a group some of whose members drain.
    ///
    /// The request is first given to one of the members by weight alone. If that one drains, it keeps the request with
    /// the probability of its percentage; in any other case the policy chooses among those that do not drain. So the
    /// share of a draining member falls in a straight line, which choosing by load would bend: it has less and less to
    /// do.
    ///
    /// - Parameters:
    ///   - owner: The member that gets the request by weight.
    ///   - draw: 0...99.
    @usableFromInline
    func drained(_ candidates: Span<Candidate>, owner: Int32, draw: UInt32) -> Drained {
        let others = Field(candidates, drainsCount: true)
        // Where nobody else can serve, the members serve as if they did not drain.
        if others.rank <= Candidate.standingBack { return .field(self) }
        let percent = candidates[Int(owner)].trafficPercent
        return percent < 100 && draw < UInt32(percent) ? .member(owner) : .field(others)
    }
}
