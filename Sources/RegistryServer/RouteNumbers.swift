/// Blocks of route numbers that nobody else gets, not even this proxy after a restart: route ids are never used twice.
public struct RouteNumbers: Sendable {
    /// Numbers that a single line can use up at the most, with room to spare.
    static let margin: UInt64 = 1_000

    /// The next block; each begins at or behind the end of the one before.
    let nextBlock: @Sendable () -> Range<UInt64>

    /// Takes blocks from here. A block has more than 2,000 numbers.
    public init(nextBlock: @escaping @Sendable () -> Range<UInt64>) {
        self.nextBlock = nextBlock
    }

    /// All numbers, from 1 on: for a registry that nothing remembers.
    public static let unremembered = RouteNumbers { 1..<UInt64.max }
}
