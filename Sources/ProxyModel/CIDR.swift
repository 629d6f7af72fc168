/// A network in CIDR notation: `10.0.0.0/8`, `fd00::/8`, or a single address.
public struct CIDR: Hashable, Sendable, CustomStringConvertible {
    /// The network's first address: all bits behind the prefix are zero.
    public let network: IPAddress
    /// The number of leading bits that addresses of the network share: 0…32 for IPv4, 0…128 for IPv6.
    public let prefixLength: Int

    /// The network of `prefixLength` leading bits that the address lies in.
    ///
    /// - Precondition: `prefixLength` is at most 32 for IPv4 and 128 for IPv6.
    public init(_ address: IPAddress, prefixLength: Int) {
        precondition((0...(address.isIPv4 ? 32 : 128)).contains(prefixLength))
        self.prefixLength = prefixLength
        network = Self.mask(address, prefixLength)
    }

    /// Reads `ADDRESS/BITS` or `ADDRESS`. Bits behind the prefix are cleared.
    public init(parsing text: String) throws(ValueError) {
        let expected = "an address or a network such as 10.0.0.0/8, 192.168.1.7 or fd00::/8"
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else {
            throw ValueError.invalid("network", text, expected: expected)
        }
        var bits = address.isIPv4 ? 32 : 128
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy(\.isASCIIDigit), var given = Int(parts[1]) else {
                throw ValueError.invalid("network", text, expected: expected)
            }
            // A v4-mapped network was written with the 96 bits in front of the IPv4 address.
            if address.isIPv4, first.contains(":") { given -= 96 }
            guard (0...bits).contains(given) else { throw ValueError.invalid("network", text, expected: expected) }
            bits = given
        }
        self.init(address, prefixLength: bits)
    }

    /// Whether the address lies in this network. IPv4 and IPv6 never contain each other.
    public func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == network.isIPv4 && Self.mask(address, prefixLength) == network
    }

    /// `ADDRESS/BITS` in canonical text.
    public var description: String { "\(network)/\(prefixLength)" }

    private static func mask(_ address: IPAddress, _ bits: Int) -> IPAddress {
        if address.isIPv4 {
            return IPAddress(v4: UInt32(truncatingIfNeeded: address.low) & ~(UInt32.max >> UInt32(bits)))
        }
        // A shift by the full width gives 0 for Swift's smart shifts: exactly what prefixes of 0 and 64 bits need.
        return IPAddress(
            v6High: address.high & ~(UInt64.max >> UInt64(min(bits, 64))),
            low: address.low & ~(UInt64.max >> UInt64(max(bits - 64, 0))))
    }

    /// Loopback, RFC 1918, link-local and unique local networks, of both IP versions.
    public static let privateNetworks: [CIDR] = [
        CIDR(IPAddress(v4: 0x7F00_0000), prefixLength: 8),
        CIDR(IPAddress(v4: 0x0A00_0000), prefixLength: 8),
        CIDR(IPAddress(v4: 0xAC10_0000), prefixLength: 12),
        CIDR(IPAddress(v4: 0xC0A8_0000), prefixLength: 16),
        CIDR(IPAddress(v4: 0xA9FE_0000), prefixLength: 16),
        CIDR(IPAddress(v6High: 0, low: 1), prefixLength: 128),
        CIDR(IPAddress(v6High: 0xFC00 << 48, low: 0), prefixLength: 7),
        CIDR(IPAddress(v6High: 0xFE80 << 48, low: 0), prefixLength: 10),
    ]
}
