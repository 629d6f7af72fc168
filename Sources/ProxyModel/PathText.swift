/// The characters of paths in URLs.
enum PathText {
    /// The path with unreserved characters decoded, other percent-encodings in upper case and non-ASCII bytes encoded
    /// (RFC 3986 §6.2.2.1 and §6.2.2.2).
    ///
    /// - Throws: where it has a character that no path can have, or a broken percent-encoding.
    static func canonicalEncoding(_ path: String) throws(ValueError) -> [UInt8] {
        var result: [UInt8] = []
        var bytes = path.utf8.makeIterator()
        result.reserveCapacity(path.utf8.count)
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = bytes.next()?.hexadecimalValue, let low = bytes.next()?.hexadecimalValue else {
                    throw ValueError.invalid("path", path, expected: "two hexadecimal digits after %")
                }
                let decoded = high << 4 | low
                // A decoded control character can only be meant to deceive somebody behind us.
                guard decoded >= 0x20, decoded != 0x7F else {
                    throw ValueError.invalid("path", path, expected: "no encoded control characters")
                }
                if decoded.isUnreserved { result.append(decoded) } else { append(encoded: decoded, to: &result) }
            case 0x80...:
                append(encoded: byte, to: &result)
            case 0...0x20, 0x7F, UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\\"):
                throw ValueError.invalid("path", path, expected: "no spaces, control characters, ?, # or \\ in it")
            default:
                result.append(byte)
            }
        }
        return result
    }

    private static func append(encoded byte: UInt8, to result: inout [UInt8]) {
        result += [UInt8(ascii: "%"), .hexadecimalDigit(byte >> 4), .hexadecimalDigit(byte & 15)]
    }
}
