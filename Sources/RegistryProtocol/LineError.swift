/// Why a line of a client is no command.
public struct LineError: Error, Hashable, Sendable {
    /// The session id of a line that has the right number of fields for its command, but a field that is not valid.
    ///
    /// Where it is given and names no valid session, the answer is `Invalid session` in place of ``reason``: a client
    /// that has lost its session must learn that first.
    public var sessionID: String?
    /// The transaction id, if the line has one: the reply carries it.
    public var transactionID: String?
    /// The text behind `ERROR|`.
    public var reason: String

    /// An error of these parts.
    public init(sessionID: String? = nil, transactionID: String? = nil, reason: String) {
        self.sessionID = sessionID
        self.transactionID = transactionID
        self.reason = reason
    }

    /// The reply to a line with a session id that is wrong, expired or superseded.
    public static let invalidSession = "Invalid session"
    /// The reply to a line that is not UTF-8 or has control characters.
    public static let invalidEncoding = "invalid encoding"

    /// The reply to a line over the limit.
    public static func lineTooLong(limit: Int = LineSplitter.standardLimit) -> String {
        "line too long (limit \(limit) bytes)"
    }
}
