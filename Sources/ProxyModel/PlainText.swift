/// Makes text of unknown origin safe to show in one line of a reply or of a log.
public enum PlainText {
    /// The most characters of a foreign value that an error message repeats.
    public static let quotedLimit = 64

    /// Whether the scalar is a control character (C0, DEL or C1) or would break a line in some viewer (U+2028, U+2029).
    public static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
        default: false
        }
    }

    /// The text with every control character replaced by `?`. Returns the same string where there is none.
    public static func withoutControls(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(isControl(scalar) ? "?" : scalar)
        }
        return String(result)
    }

    /// The text in double quotes, cut at ``quotedLimit`` characters, without control characters.
    public static func quoted(_ text: String) -> String {
        "\"\(cut(text, to: quotedLimit))\""
    }

    /// The first `limit` characters of the text without control characters; `…` follows where something was cut off.
    public static func cut(_ text: String, to limit: Int) -> String {
        // Scalars, not grapheme clusters: one cluster can be of any length.
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return withoutControls(text) }
        return withoutControls(String(scalars[..<end])) + "…"
    }
}
