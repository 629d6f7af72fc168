import ProxyModel

/// Writes the lines that go to clients: replies and events, without the LF.
///
/// Whatever text is given, the result is one line without control characters.
public enum Reply {
    /// The longest line in bytes, its LF included.
    public static let maximumLength = 65_536
    /// The longest line with a compressed payload in bytes, its LF included.
    public static let maximumCompressedLength = 1_048_576

    /// `KIND|field|…`, with the transaction id as the first field where there is one.
    ///
    /// A line over the limit is cut: give payloads that can grow to ``json(_:_:_:compression:)`` instead.
    public static func line(_ kind: String, _ transactionID: String?, _ fields: String...) -> String {
        line(kind, transactionID, fields: fields)
    }

    /// `OK`, with the transaction id where there is one.
    public static func ok(_ transactionID: String?) -> String {
        line("OK", transactionID)
    }

    /// `ERROR|reason`, or `ERROR|txn|reason`.
    public static func error(_ transactionID: String?, _ reason: String) -> String {
        line("ERROR", transactionID, reason)
    }

    /// `EVENT|type|payload`.
    public static func event(_ type: EventType, _ payload: JSONObject) -> String {
        line("EVENT", nil, type.rawValue, payload.text)
    }

    /// The event that says that the proxy is about to stop.
    public static let shutdown = "SHUTDOWN"

    /// How a payload may be compressed.
    public enum Compression: Hashable, Sendable {
        /// The command has no compressed form.
        case unavailable
        /// The client can ask for it and has not.
        case available
        /// The client has asked for it.
        case requested

        /// For a command that has a compressed form.
        public init(requested: Bool) {
            self = requested ? .requested : .available
        }
    }

    /// `KIND|payload`, the payload as JSON or, compressed, as base64 of gzip of the JSON.
    ///
    /// A line over its limit becomes an error that says so.
    public static func json(
        _ kind: String, _ transactionID: String?, _ payload: some JSONWritable,
        compression: Compression = .unavailable
    ) -> String {
        let json = payload.jsonText
        let head = transactionID.map { "\(kind)|\($0)|" } ?? "\(kind)|"
        let limit = compression == .requested ? maximumCompressedLength : maximumLength
        let body = compression == .requested ? Gzip.base64(of: json) : json
        let length = head.utf8.count + body.utf8.count + 1
        guard length > limit else { return PlainText.withoutControls(head + body) }
        let advice = compression == .available ? ", ask for compressed" : ""
        return error(transactionID, "response too large (\(length) bytes)\(advice)")
    }

    private static func line(_ kind: String, _ transactionID: String?, fields: [String]) -> String {
        var text = kind
        if let transactionID { text += "|\(transactionID)" }
        for field in fields { text += "|\(field)" }
        return cut(PlainText.withoutControls(text))
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count >= maximumLength else { return text }
        let mark = "…"
        // Backwards to the start of a character that still fits, with room for the mark and the LF.
        var end = text.utf8.index(text.startIndex, offsetBy: maximumLength - 1 - mark.utf8.count)
        while text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        return text[..<end] + mark
    }
}
