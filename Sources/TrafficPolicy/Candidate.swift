/// A member of a group as the choice between the members sees it. Trivial; a worker fills an array of them that it
/// keeps.
public struct Candidate: BitwiseCopyable, Sendable {
    /// How fit a member is for requests; the fittest there are get them.
    public enum Fitness: UInt8, Comparable, BitwiseCopyable, Sendable {
        /// Unhealthy, or its circuit is open: gets nothing.
        case unusable = 0
        /// It has refused connections lately: gets something only when nothing else is left.
        case ejected = 1
        /// The session that it belongs to is not connected.
        case away = 2
        /// Nothing speaks against it.
        case ready = 3

        @inlinable
        public static func < (left: Fitness, right: Fitness) -> Bool { left.rawValue < right.rawValue }
    }

    /// What tells the member from the others, the same in every worker and after a restart: what rendezvous hashing and
    /// sticky cookies go by.
    public var key: UInt64
    /// When its next turn is, on the clock that round robin keeps for the group; starts at 0.
    public var turn: UInt64
    /// Requests in flight to it.
    public var outstanding: Int32
    /// Its share, 0...1000.
    public var weight: Int32
    /// How fit it is.
    public var fitness: Fitness
    /// What a drain has left of its traffic: 100 without one, 0 once it is complete.
    public var trafficPercent: UInt8

    /// A candidate of these parts.
    @inlinable
    @inline(__always)
    public init(
        key: UInt64, outstanding: Int32 = 0, weight: Int32 = 100, fitness: Fitness = .ready,
        trafficPercent: UInt8 = 100, turn: UInt64 = 0
    ) {
        self.key = key
        self.turn = turn
        self.outstanding = outstanding
        self.weight = weight
        self.fitness = fitness
        self.trafficPercent = trafficPercent
    }

    /// In which order members come into question; a higher rank goes first, 0 gets nothing.
    ///
    /// A member with weight 0 stands back for the others, and so does a draining one if `drainsCount`; but either
    /// serves before a member that refuses connections. A member whose drain is complete serves no more.
    @usableFromInline
    @inline(__always)
    func rank(drainsCount: Bool) -> UInt8 {
        if trafficPercent == 0 || fitness == .unusable { return 0 }
        if fitness == .ejected { return 1 }
        if weight == 0 || (drainsCount && trafficPercent < 100) { return Self.standingBack }
        return fitness == .away ? 3 : 4
    }

    /// The rank of members that could serve but get nothing while others can.
    @usableFromInline static var standingBack: UInt8 { 2 }

    /// The weight to go by among members of one rank: those with weight 0 get something only among themselves.
    @usableFromInline
    @inline(__always)
    var share: Int32 { max(weight, 1) }
}

/// Which member takes a request. Trivial.
public struct Choice: BitwiseCopyable, Hashable, Sendable {
    /// The position of the member among the candidates, -1 for none.
    public let position: Int32
    /// The `turn` that the member has from now on; only round robin changes it.
    public let turn: UInt64

    @inlinable
    init(position: Int32, turn: UInt64 = 0) {
        self.position = position
        self.turn = turn
    }

    /// Whether no member can take the request.
    @inlinable public var isNone: Bool { position < 0 }

    /// No member can take the request.
    @inlinable public static var none: Choice { Choice(position: -1) }
}
