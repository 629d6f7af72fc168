import ProxyModel

/// A value that can be written as JSON.
public protocol JSONWritable {
    /// Appends the JSON text of the value.
    func writeJSON(to bytes: inout [UInt8])
}

/// A JSON object in the writing: the members come in the order in which they are set.
///
///     var answer = JSONObject()
///     answer.set("route_id", "r1")
///     answer.set("requests", 12453)
///     answer.text                     // {"route_id":"r1","requests":12453}
public struct JSONObject: JSONWritable, Sendable {
    private var members: [UInt8] = []

    /// An object without members.
    public init() {}

    /// Appends a member. Setting a name twice writes it twice.
    public mutating func set(_ name: String, _ value: some JSONWritable) {
        if !members.isEmpty { members.append(UInt8(ascii: ",")) }
        name.writeJSON(to: &members)
        members.append(UInt8(ascii: ":"))
        value.writeJSON(to: &members)
    }

    /// The object as text: one line without spaces.
    public var text: String { jsonText }

    /// Appends the object.
    public func writeJSON(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        bytes += members
        bytes.append(UInt8(ascii: "}"))
    }
}

/// A text that is JSON already, such as a session's metadata.
public struct JSONText: JSONWritable, Sendable {
    /// The text.
    public var text: String

    /// Takes the text as it is.
    ///
    /// - Precondition: it is valid JSON in one line.
    public init(_ text: String) {
        self.text = text
    }

    /// Appends the text.
    public func writeJSON(to bytes: inout [UInt8]) {
        bytes += text.utf8
    }
}

extension JSONWritable {
    /// The JSON text: one line without control characters.
    public var jsonText: String {
        var bytes: [UInt8] = []
        writeJSON(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String: JSONWritable {
    /// Appends the string in quotes. Whatever could break a line is escaped.
    public func writeJSON(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            bytes += utf8
        } else {
            for scalar in unicodeScalars { Self.append(scalar, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        switch scalar {
        case "\"", "\\": bytes += [UInt8(ascii: "\\"), UInt8(ascii: scalar)]
        case "\n": bytes += "\\n".utf8
        case "\r": bytes += "\\r".utf8
        case "\t": bytes += "\\t".utf8
        case _ where PlainText.isControl(scalar):
            let digits = String(scalar.value, radix: 16)
            bytes += "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8
        default: bytes += String(scalar).utf8
        }
    }
}

extension Int: JSONWritable {
    /// Appends the number in decimal.
    public func writeJSON(to bytes: inout [UInt8]) { bytes += String(self).utf8 }
}

extension Int64: JSONWritable {
    /// Appends the number in decimal.
    public func writeJSON(to bytes: inout [UInt8]) { bytes += String(self).utf8 }
}

extension UInt64: JSONWritable {
    /// Appends the number in decimal.
    public func writeJSON(to bytes: inout [UInt8]) { bytes += String(self).utf8 }
}

extension Bool: JSONWritable {
    /// Appends `true` or `false`.
    public func writeJSON(to bytes: inout [UInt8]) { bytes += (self ? "true" : "false").utf8 }
}

extension Optional: JSONWritable where Wrapped: JSONWritable {
    /// Appends the value or `null`.
    public func writeJSON(to bytes: inout [UInt8]) {
        guard let self else {
            bytes += "null".utf8
            return
        }
        self.writeJSON(to: &bytes)
    }
}

extension Array: JSONWritable where Element: JSONWritable {
    /// Appends the elements in brackets.
    public func writeJSON(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            element.writeJSON(to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}

extension JSONValue: JSONWritable {
    /// Appends the value; numbers as they were written.
    public func writeJSON(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): value.writeJSON(to: &bytes)
        case .number(let text): bytes += text.utf8
        case .string(let text): text.writeJSON(to: &bytes)
        case .array(let elements): elements.writeJSON(to: &bytes)
        case .object(let members):
            var object = JSONObject()
            for member in members { object.set(member.name, member.value) }
            object.writeJSON(to: &bytes)
        }
    }
}
