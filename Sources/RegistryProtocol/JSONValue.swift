/// Why a text is no JSON.
public struct JSONError: Error, Hashable, Sendable {
    /// What is wrong, in one line.
    public var message: String

    /// An error with this message.
    public init(message: String) {
        self.message = message
    }
}

/// A JSON text, read (RFC 8259, strictly).
///
/// A reader of our own, because the client's text is repeated in replies as it is: it must be valid in every corner,
/// numbers and escapes included, and keep the order of its keys.
public enum JSONValue: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, as it is written.
    case number(String)
    /// A string, escapes resolved.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object with its members in order. A name may occur more than once.
    case object([Member])

    /// One member of an object.
    public struct Member: Hashable, Sendable {
        /// The name.
        public var name: String
        /// The value.
        public var value: JSONValue

        /// A member of these parts.
        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The deepest nesting that is read.
    public static let maximumDepth = 64

    /// Reads a text that holds one value and nothing else. O(length).
    public init(parsing text: String) throws(JSONError) {
        var reader = JSONReader(Array(text.utf8))
        self = try reader.readDocument()
    }

    /// The value of the last member with this name; `nil` where there is none or this is no object.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The string, `nil` where this is none.
    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The number, `nil` where this is none or does not fit.
    public var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    /// The elements, `nil` where this is no array.
    public var array: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The truth value, `nil` where this is none.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }
}
