import ProxyModel

/// Makes text fit for one line of a log.
enum LogText {
    /// The text with control characters and line separators as `\n`, `\t`, `\u{1b}`, ….
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: PlainText.isControl) else { return text }
        var line = ""
        for scalar in text.unicodeScalars {
            guard PlainText.isControl(scalar) else {
                line.unicodeScalars.append(scalar)
                continue
            }
            switch scalar {
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            default: line += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return line
    }

    /// The text as a JSON string with its quotes (RFC 8259 §7).
    static func jsonString(_ text: String) -> String {
        var string = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": string += "\\\""
            case "\\": string += "\\\\"
            case _ where PlainText.isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                string += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: string.unicodeScalars.append(scalar)
            }
        }
        return string + "\""
    }
}
