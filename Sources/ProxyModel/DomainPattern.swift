/// The hosts that a route serves: one host, all names below one, or any.
public struct DomainPattern: Hashable, Sendable, CustomStringConvertible {
    /// How a pattern matches.
    public enum Kind: Hashable, Sendable {
        /// Exactly this host.
        case exact
        /// Any host with one or more labels below the name; the name itself does not match.
        case wildcard
        /// Any host, also a missing one.
        case any
    }

    /// How the pattern matches.
    public let kind: Kind
    /// The host name in lower-case ASCII; for a wildcard without `*.`; empty for ``Kind/any``.
    ///
    /// An IPv6 address is kept in brackets and canonical text, as the `Host` field carries it.
    public let name: String

    /// Reads `example.com`, `*.example.com`, `*` or an IP address. IDNs become punycode; a port is an error.
    public init(parsing text: String) throws(ValueError) {
        if text == "*" {
            (kind, name) = (.any, "")
            return
        }
        do throws(ValueError) {
            if text.hasPrefix("["), text.hasSuffix("]") {
                guard let address = IPAddress(String(text.dropFirst().dropLast())), !address.isIPv4 else {
                    throw ValueError("the brackets hold no IPv6 address")
                }
                (kind, name) = (.exact, "[\(address)]")
                return
            }
            guard !text.utf8.contains(UInt8(ascii: ":")) else { throw ValueError("a port is not part of a domain") }
            kind = text.hasPrefix("*.") ? .wildcard : .exact
            name = try HostName.canonical(kind == .wildcard ? String(text.dropFirst(2)) : text)
        } catch {
            throw .invalid("domain", text, because: error, expected: "a host name, *.example.com or *")
        }
    }

    /// Reads a comma-separated list; spaces around the commas and repetitions are dropped.
    ///
    /// - Throws: where the list or one of its entries is empty or not valid.
    public static func parseList(_ text: String) throws(ValueError) -> [DomainPattern] {
        var domains: [DomainPattern] = []
        for entry in text.commaSeparated { domains.append(try DomainPattern(parsing: entry)) }
        return withoutRepetitions(domains)
    }

    /// The patterns in their order, each once.
    public static func withoutRepetitions(_ domains: [DomainPattern]) -> [DomainPattern] {
        guard domains.count > 1 else { return domains }
        if domains.count == 2 { return domains[0] == domains[1] ? [domains[0]] : domains }
        var seen: Set<DomainPattern> = []
        return domains.filter { seen.insert($0).inserted }
    }

    /// The pattern in canonical text.
    public var description: String {
        switch kind {
        case .exact: name
        case .wildcard: "*." + name
        case .any: "*"
        }
    }
}
