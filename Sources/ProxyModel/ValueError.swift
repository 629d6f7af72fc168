/// A value that somebody outside gave (a registry client, a configuration file, a command line) and that is not valid.
///
/// The message is one line, names what was wrong and says what is allowed, so that it can be shown as it is.
public struct ValueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong and what is allowed, in one line without control characters.
    public var message: String

    /// Makes an error with this message; control characters in it are replaced by `?`.
    public init(_ message: String) {
        self.message = PlainText.withoutControls(message)
    }

    /// The message.
    public var description: String { message }

    /// An error of the usual form: `invalid FIELD "VALUE": expected EXPECTED`. A long value is cut.
    public static func invalid(_ field: String, _ value: String, expected: String) -> ValueError {
        ValueError("invalid \(field) \(PlainText.quoted(value)): expected \(expected)")
    }

    /// As ``invalid(_:_:expected:)`` with the reason: `invalid FIELD "VALUE": REASON; expected EXPECTED`.
    public static func invalid(
        _ field: String, _ value: String, because reason: ValueError, expected: String
    ) -> ValueError {
        ValueError("invalid \(field) \(PlainText.quoted(value)): \(reason.message); expected \(expected)")
    }
}
