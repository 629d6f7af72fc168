/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (`::ffff:1.2.3.4`) is kept as the IPv4 address that it means.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// The upper half of an IPv6 address, most significant byte first; 0 for IPv4.
    public let high: UInt64
    /// The lower half of an IPv6 address; an IPv4 address in the low 32 bits.
    public let low: UInt64
    /// Whether this is an IPv4 address.
    public let isIPv4: Bool

    /// The IPv4 address with this value, most significant byte first.
    @inlinable
    public init(v4: UInt32) {
        high = 0
        low = UInt64(v4)
        isIPv4 = true
    }

    /// The IPv6 address with these halves; a v4-mapped one becomes the IPv4 address.
    @inlinable
    public init(v6High: UInt64, low v6Low: UInt64) {
        let isMapped = v6High == 0 && v6Low >> 32 == 0xFFFF
        high = v6High
        low = isMapped ? v6Low & 0xFFFF_FFFF : v6Low
        isIPv4 = isMapped
    }

    /// Reads dotted decimal or an IPv6 address without brackets and zone. Anything else is `nil`.
    public init?(_ text: String) {
        let bytes = Array(text.utf8.prefix(46))
        if let address = IPAddressText.parseV4(bytes[...]) {
            self.init(v4: address)
        } else if let (high, low) = IPAddressText.parseV6(bytes) {
            self.init(v6High: high, low: low)
        } else {
            return nil
        }
    }

    /// The IPv4 loopback address 127.0.0.1.
    public static let loopbackV4 = IPAddress(v4: 0x7F00_0001)
    /// The IPv4 wildcard 0.0.0.0.
    public static let anyV4 = IPAddress(v4: 0)
    /// The IPv6 wildcard `::`.
    public static let anyV6 = IPAddress(v6High: 0, low: 0)

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { isIPv4 ? low >> 24 == 127 : high == 0 && low == 1 }

    /// RFC 1918 (10/8, 172.16/12, 192.168/16) or a unique local address (fc00::/7).
    public var isPrivate: Bool {
        isIPv4 ? low >> 24 == 10 || low >> 20 == 0xAC1 || low >> 16 == 0xC0A8 : high >> 57 == 0x7E
    }

    /// 169.254.0.0/16 or fe80::/10.
    public var isLinkLocal: Bool { isIPv4 ? low >> 16 == 0xA9FE : high >> 54 == 0x3FA }

    /// What stands for one subscriber in limits per address: the /64 of an IPv6 address, an IPv4 address itself.
    public func network64() -> IPAddress {
        isIPv4 ? self : IPAddress(v6High: high, low: 0)
    }

    /// Dotted decimal, or the canonical text of RFC 5952 (no brackets).
    public var description: String {
        isIPv4 ? IPAddressText.formatV4(UInt32(truncatingIfNeeded: low)) : IPAddressText.formatV6(high, low)
    }
}
