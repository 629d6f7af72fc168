import ProxyModel

/// Which addresses backends may have.
public struct AddressPolicy: Hashable, Sendable {
    /// Networks that may be connected to; empty allows all.
    public var allow: [CIDR]
    /// Networks that may not, whatever ``allow`` says.
    public var deny: [CIDR]

    /// A policy of these networks.
    public init(allow: [CIDR] = [], deny: [CIDR] = []) {
        self.allow = allow
        self.deny = deny
    }

    /// Whether a backend may have this address. O(networks).
    public func permits(_ address: IPAddress) -> Bool {
        guard !deny.contains(where: { $0.contains(address) }) else { return false }
        return allow.isEmpty || allow.contains { $0.contains(address) }
    }

    /// The addresses that a backend may have; an error where that leaves none.
    public func filter(_ addresses: [IPAddress]) throws(LookupError) -> [IPAddress] {
        let permitted = addresses.filter(permits)
        guard permitted.isEmpty, let first = addresses.first else { return permitted }
        throw LookupError("the address \(first) is not allowed for backends", isNotAllowed: true)
    }
}
