/// Bounds on what a peer may make us hold and read before a message begins.
public struct HeadLimits: Hashable, Sendable {
    /// Bytes of a head including its final empty line; more is 431.
    public var maxHeadBytes: Int
    /// Header lines of a head, at most `HeaderTable.capacity`; more is 431.
    public var maxHeaders: Int
    /// Bytes of the request target; more is 414.
    public var maxTargetBytes: Int

    /// Limits with their defaults; `maxHeaders` is cut at the table's capacity.
    @inlinable
    public init(maxHeadBytes: Int = 65_536, maxHeaders: Int = 128, maxTargetBytes: Int = 16_384) {
        self.maxHeadBytes = min(maxHeadBytes, 1 << 24)
        self.maxHeaders = min(maxHeaders, HeaderTable.capacity)
        self.maxTargetBytes = maxTargetBytes
    }
}
