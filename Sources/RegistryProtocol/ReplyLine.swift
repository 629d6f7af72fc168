/// A line of the proxy, as a client reads it: a reply or an event.
public struct ReplyLine: Hashable, Sendable {
    /// What the line begins with: `OK`, `ROUTE_OK`, `ERROR`, `EVENT`, `MAINT_OK`, `SHUTDOWN`, …
    public var kind: String
    /// The transaction id of the command that it answers.
    public var transactionID: String?
    /// The other fields. The reason of an error and a JSON payload are one field, whatever `|` they contain.
    public var fields: [String]

    /// A line of these parts.
    public init(kind: String, transactionID: String? = nil, fields: [String] = []) {
        self.kind = kind
        self.transactionID = transactionID
        self.fields = fields
    }

    /// Reads a line without its ending.
    ///
    /// - Parameter transactionID: the id that the command carried. A line does not show by itself whether its first
    ///   field is one; only a field equal to this is taken for it.
    public init(parsing line: String, transactionID: String? = nil) {
        var rest = line[...]
        kind = String(Self.takeField(&rest))
        fields = []
        self.transactionID = nil
        var isFirst = true
        while !rest.isEmpty {
            rest.removeFirst()  // the pipe
            if isFirst, let transactionID, rest.prefix(while: { $0 != "|" }) == transactionID {
                rest = rest.dropFirst(transactionID.count)
                self.transactionID = transactionID
            } else if kind == "ERROR" || rest.first == "{" || rest.first == "[" {
                fields.append(String(rest))
                return
            } else {
                fields.append(String(Self.takeField(&rest)))
            }
            isFirst = false
        }
    }

    /// Whether the line comes unasked. A `MAINT_OK` does too, but belongs to a command given before.
    public var isEvent: Bool { kind == "EVENT" || kind == "SHUTDOWN" || kind == "MAINT_OK" }

    /// The reason, where this is an error.
    public var errorReason: String? { kind == "ERROR" ? fields.first ?? "" : nil }

    private static func takeField(_ rest: inout Substring) -> Substring {
        let field = rest.prefix { $0 != "|" }
        rest = rest[field.endIndex...]
        return field
    }
}
