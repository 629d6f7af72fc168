/// The number of a connection to the registry port. The shell gives it and never uses one twice.
public struct ConnectionID: Hashable, Comparable, Sendable {
    /// The number.
    public let number: UInt64

    /// The id with this number.
    public init(number: UInt64) {
        self.number = number
    }

    /// Order by number.
    public static func < (left: ConnectionID, right: ConnectionID) -> Bool {
        left.number < right.number
    }
}

/// Names an effect that the registry asked the shell for, until the shell reports how it went.
///
/// Each token is answered exactly once, by the method that its action names; answers may come in any order.
public struct EffectToken: Hashable, Comparable, Sendable {
    /// The number; never used twice.
    public let number: UInt64

    /// Order by number, which is the order of the requests.
    public static func < (left: EffectToken, right: EffectToken) -> Bool {
        left.number < right.number
    }
}
