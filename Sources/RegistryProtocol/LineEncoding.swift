/// What bytes a line may consist of.
enum LineEncoding {
    /// Whether the bytes are UTF-8 without control characters (C0 with NUL and tab, DEL, C1).
    static func isValid(_ bytes: [UInt8]) -> Bool {
        var isASCII = true
        var previous: UInt8 = 0
        for byte in bytes {
            if byte < 0x20 || byte == 0x7F { return false }
            if byte >= 0x80 {
                isASCII = false
                // U+0080…U+009F are C2 80 … C2 9F.
                if previous == 0xC2, byte < 0xA0 { return false }
            }
            previous = byte
        }
        return isASCII || String(validating: bytes, as: UTF8.self) != nil
    }
}
