/// Cuts a line into its fields.
enum LineFields {
    private static let pipe = UInt8(ascii: "|")

    /// The text in front of the first `|`, and where the rest begins (`nil`: there is no `|`).
    static func name(of line: [UInt8]) -> (name: String, rest: Int?) {
        let end = line.firstIndex(of: pipe)
        return (text(line[..<(end ?? line.count)]), end.map { $0 + 1 })
    }

    /// The fields from `start` on.
    ///
    /// - Parameter firstJSONField: from this field on, one that begins with `{` or `[` reaches to the end of the line,
    ///   whatever `|` it contains; only `|compressed` at the very end stays out of it.
    static func split(_ line: [UInt8], from start: Int, firstJSONField: Int?) -> [String] {
        var fields: [String] = []
        var start = start
        while true {
            if let firstJSONField, fields.count >= firstJSONField, beginsJSON(line[start...]) {
                fields.append(text(withoutCompressedWord(line[start...])))
                return fields
            }
            guard let end = line[start...].firstIndex(of: pipe) else {
                fields.append(text(line[start...]))
                return fields
            }
            fields.append(text(line[start..<end]))
            start = end + 1
        }
    }

    private static func beginsJSON(_ bytes: ArraySlice<UInt8>) -> Bool {
        let first = bytes.first { $0 != UInt8(ascii: " ") }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    private static func withoutCompressedWord(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let ending = compressedWord.utf8.count + 1
        guard bytes.suffix(ending).elementsEqual("|\(compressedWord)".utf8) else { return bytes }
        return bytes.dropLast(ending)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
