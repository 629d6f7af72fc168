/// Where a route's requests go: the connection string of a backend, `http://orbat:3000`.
///
/// Two URLs are equal when they lead to the same place, also where one spells out the default port.
public struct BackendURL: Hashable, Sendable, CustomStringConvertible {
    /// The protocol spoken to the backend.
    public enum Scheme: String, CaseIterable, Hashable, Sendable {
        /// HTTP/1.1.
        case http
        /// HTTP over TLS.
        case https
        /// As ``http``, with WebSocket on.
        case ws
        /// As ``https``, with WebSocket on.
        case wss
        /// HTTP/2 without TLS, with prior knowledge.
        case h2c
        /// As ``h2c``.
        case grpc
        /// HTTP/2 over TLS.
        case grpcs

        /// Whether connections are encrypted.
        public var isTLS: Bool { self == .https || self == .wss || self == .grpcs }
        /// Whether WebSocket is on without an option.
        public var isWebSocket: Bool { self == .ws || self == .wss }
        /// The port where the URL names none.
        public var defaultPort: UInt16 { isTLS ? 443 : 80 }
    }

    /// The protocol.
    public let scheme: Scheme
    /// The host name in lower-case ASCII or the IP address (IPv6 without brackets).
    public let host: String
    /// The port, 1…65535.
    public let port: UInt16
    /// What is put before the request's path: empty, or a path without trailing `/`.
    public let pathPrefix: String
    private let given: String

    /// Whether connections to it are encrypted.
    public var isTLS: Bool { scheme.isTLS }
    /// The host as an address, `nil` for a name.
    public var address: IPAddress? { IPAddress(host) }
    /// What goes into a `Host` field: the host (IPv6 in brackets) and the port where it is not the default.
    public var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }
    /// The URL as it was given.
    public var description: String { given }

    /// Reads `SCHEME://HOST[:PORT][/PATH]`. User info, query and fragment are errors.
    public init(parsing text: String) throws(ValueError) {
        do throws(ValueError) {
            guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[colon...].utf8.starts(with: "://".utf8)
            else { throw ValueError("it has no scheme") }
            guard let scheme = Scheme(rawValue: text[..<colon].asciiLowercased) else {
                throw ValueError("the scheme is not known")
            }
            let rest = text[text.utf8.index(colon, offsetBy: 3)...]
            let slash = rest.utf8.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
            self.scheme = scheme
            (host, port) = try Self.parseAuthority(rest[..<slash], defaultPort: scheme.defaultPort)
            pathPrefix = try Self.parsePrefix(rest[slash...])
            given = text
        } catch {
            let schemes = "with the scheme http, https, ws, wss, h2c, grpc or grpcs"
            throw .invalid("backend URL", text, because: error, expected: "SCHEME://HOST[:PORT][/PATH] \(schemes)")
        }
    }

    /// Same scheme, host, port and prefix.
    public static func == (left: BackendURL, right: BackendURL) -> Bool {
        left.scheme == right.scheme && left.host == right.host && left.port == right.port
            && left.pathPrefix == right.pathPrefix
    }

    /// Hashes what equality compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(scheme)
        hasher.combine(host)
        hasher.combine(port)
        hasher.combine(pathPrefix)
    }

    private static func parseAuthority(
        _ text: Substring, defaultPort: UInt16
    ) throws(ValueError) -> (host: String, port: UInt16) {
        guard !text.utf8.contains(UInt8(ascii: "@")) else { throw ValueError("user info is not allowed") }
        var hostEnd = text.utf8.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        var host = ""
        if text.utf8.first == UInt8(ascii: "[") {
            guard let bracket = text.utf8.firstIndex(of: UInt8(ascii: "]")),
                let address = IPAddress(String(text[text.utf8.index(after: text.startIndex)..<bracket]))
            else { throw ValueError("the brackets hold no IPv6 address") }
            host = address.description
            hostEnd = text.utf8.index(after: bracket)
        } else {
            guard hostEnd > text.startIndex else { throw ValueError("it has no host") }
            do throws(ValueError) { host = try HostName.canonical(String(text[..<hostEnd])) } catch {
                throw ValueError("the host is not valid, \(error.message)")
            }
        }
        guard hostEnd < text.endIndex else { return (host, defaultPort) }
        let digits = text[hostEnd...].utf8.dropFirst()
        guard text.utf8[hostEnd] == UInt8(ascii: ":"), !digits.isEmpty, digits.allSatisfy(\.isASCIIDigit),
            let port = UInt16(String(digits) ?? ""), port > 0
        else { throw ValueError("the port is not a number from 1 to 65535") }
        return (host, port)
    }

    private static func parsePrefix(_ text: Substring) throws(ValueError) -> String {
        guard !text.utf8.contains(UInt8(ascii: "?")) else { throw ValueError("a query is not allowed") }
        guard !text.utf8.contains(UInt8(ascii: "#")) else { throw ValueError("a fragment is not allowed") }
        guard !text.isEmpty else { return "" }
        let path = try RoutePath(parsing: String(text))
        return path.text == "/" ? "" : path.text
    }
}
