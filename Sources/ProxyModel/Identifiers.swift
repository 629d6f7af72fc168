/// The public id of a route: `r1`, `r2`, … per proxy, never used twice.
public struct RouteID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number behind the `r`.
    public let number: UInt64

    /// The id with this number.
    @inlinable
    public init(number: UInt64) {
        self.number = number
    }

    /// Reads `r12`: lower-case `r` and a decimal number without leading zeros. Anything else is `nil`.
    public init?(_ text: String) {
        var bytes = text.utf8.makeIterator()
        guard bytes.next() == UInt8(ascii: "r"), let first = bytes.next(), first.isASCIIDigit else { return nil }
        var number = UInt64(first - UInt8(ascii: "0"))
        while let byte = bytes.next() {
            guard byte.isASCIIDigit, number != 0 else { return nil }
            let (product, tooBig) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !tooBig, !overflow else { return nil }
            number = sum
        }
        self.number = number
    }

    /// `r` and the number.
    public var description: String { "r\(number)" }

    /// Order by number.
    @inlinable
    public static func < (left: RouteID, right: RouteID) -> Bool {
        left.number < right.number
    }
}

/// The internal number of a registry session. It is no secret and is never shown to clients: they know the session id.
public struct SessionKey: Hashable, Comparable, Sendable {
    /// The number; never used twice in one process.
    public let number: UInt64

    /// The key with this number.
    @inlinable
    public init(number: UInt64) {
        self.number = number
    }

    /// Order by number, which is the order of creation.
    @inlinable
    public static func < (left: SessionKey, right: SessionKey) -> Bool {
        left.number < right.number
    }
}
