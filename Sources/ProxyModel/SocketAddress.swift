/// An IP address and a TCP or UDP port.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The address; a wildcard for a listener on all addresses.
    public var ip: IPAddress
    /// The port; 0 lets the kernel choose one.
    public var port: UInt16

    /// The pair of both.
    @inlinable
    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Reads `:80`, `0.0.0.0:80`, `[::]:80` or `localhost:80`.
    ///
    /// An empty host means all addresses (the IPv6 wildcard, meant for both IP versions); `localhost` means 127.0.0.1.
    public init(parsing text: String) throws(ValueError) {
        let wrong = ValueError.invalid("address", text, expected: ":80, 127.0.0.1:80, [::1]:80 or localhost:80")
        guard let colon = text.lastIndex(of: ":") else { throw wrong }
        let portText = text[text.index(after: colon)...]
        guard portText.utf8.allSatisfy(\.isASCIIDigit), let port = UInt16(portText) else { throw wrong }
        let host = String(text[..<colon])
        let ip: IPAddress?
        if host.isEmpty || host == "*" {
            ip = .anyV6
        } else if host.asciiLowercased == "localhost" {
            ip = .loopbackV4
        } else if host.hasPrefix("["), host.hasSuffix("]") {
            ip = IPAddress(String(host.dropFirst().dropLast()))
        } else {
            ip = IPAddress(host).flatMap { $0.isIPv4 && !host.contains(":") ? $0 : nil }
        }
        guard let ip else { throw wrong }
        self.init(ip: ip, port: port)
    }

    /// `1.2.3.4:80` or `[::1]:80`.
    public var description: String { ip.isIPv4 ? "\(ip):\(port)" : "[\(ip)]:\(port)" }
}
