import Glibc
import ProxyModel

/// Why a name has no addresses.
public struct LookupError: Error, Hashable, Sendable, CustomStringConvertible {
    /// In words for a log line or an error page: `Name or service not known`.
    public let description: String

    /// Whether the name is known not to exist, rather than nobody could tell at the moment.
    public let isFinal: Bool
    /// Whether there is an address, but not one that backends may have.
    public let isNotAllowed: Bool

    /// An error with these words.
    public init(_ description: String, isFinal: Bool = true, isNotAllowed: Bool = false) {
        self.description = description
        self.isFinal = isFinal
        self.isNotAllowed = isNotAllowed
    }
}

/// The system's own name resolution: `/etc/hosts`, DNS and whatever else the machine is set up for.
public enum SystemLookup {
    /// All addresses of `host`, IPv4 and IPv6, in the system's order of preference, each once.
    ///
    /// Blocks the calling thread, for many seconds where a name server does not answer.
    public static func addresses(of host: String) throws(LookupError) -> [IPAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            // Safe because strerror's text is copied before the next call of this thread.
            throw unsafe LookupError(
                code == EAI_SYSTEM ? String(cString: strerror(errno)) : text(of: code), isFinal: code == EAI_NONAME)
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            // Safe because the list is not freed before this function returns, and each entry's address is of its family.
            if let address = unsafe address(of: entry.pointee), !addresses.contains(address) {
                addresses.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        guard !addresses.isEmpty else { throw LookupError("the name has no address") }
        return addresses
    }

    private static func text(of code: Int32) -> String {
        // Safe because gai_strerror returns a constant string for every code.
        unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }

    /// The address of an entry, by way of its text; a link-local one that needs an interface is of no use to a proxy.
    private static func address(of entry: addrinfo) -> IPAddress? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        // Safe because the entry's address has the length that stands beside it, and the text's true size is given.
        let code = unsafe getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard code == 0, let end = text.firstIndex(of: 0) else { return nil }
        return IPAddress(String(decoding: text[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
}
