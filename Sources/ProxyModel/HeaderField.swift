/// A header field that a client may have set on responses: checked, so that it can be written out as it is.
public struct HeaderField: Hashable, Sendable, CustomStringConvertible {
    /// The longest name in bytes.
    public static let maximumNameLength = 256
    /// The longest value in bytes.
    public static let maximumValueLength = 8192

    /// The name as it was given.
    public let name: String
    /// The value without white space at its ends.
    public let value: String

    /// The name for comparison: names are case-insensitive.
    public var lowercasedName: String { name.asciiLowercased }
    /// `NAME: VALUE`.
    public var description: String { "\(name): \(value)" }

    /// Makes a field of a name and a value.
    ///
    /// - Throws: where the name is no token or one that the proxy itself is in charge of (hop-by-hop and framing), or
    ///   the value has control characters.
    public init(name: String, value: String) throws(ValueError) {
        try Self.checkName(name)
        let value = value.trimmed
        guard !value.unicodeScalars.contains(where: PlainText.isControl) else {
            throw .invalid("header value", value, expected: "no control characters")
        }
        guard value.utf8.count <= Self.maximumValueLength else {
            throw .invalid("header value", value, expected: "at most \(Self.maximumValueLength) bytes")
        }
        self.name = name
        self.value = value
    }

    /// Checks that a field of this name may be set or removed.
    public static func checkName(_ name: String) throws(ValueError) {
        guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenCharacter) else {
            throw .invalid("header name", name, expected: "letters, digits and any of !#$%&'*+-.^_`|~")
        }
        guard name.utf8.count <= maximumNameLength else {
            throw .invalid("header name", name, expected: "at most \(maximumNameLength) bytes")
        }
        guard !reservedNames.contains(name.asciiLowercased) else {
            throw ValueError("header \(name) cannot be set: it belongs to the connection, not to the response")
        }
    }

    /// RFC 9110 §7.6.1 and the fields that frame the body.
    private static let reservedNames: Set<String> = [
        "connection", "content-length", "http2-settings", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]
}
