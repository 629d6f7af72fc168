extension UInt8 {
    /// `0`–`9`.
    @inlinable
    package var isASCIIDigit: Bool { self &- 0x30 < 10 }

    /// `A`–`Z` or `a`–`z`.
    @inlinable
    package var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }

    /// The byte with `A`–`Z` made lower-case.
    @inlinable
    package var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// The value of a hexadecimal digit, `nil` for any other byte.
    @inlinable
    package var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }

    /// The upper-case hexadecimal digit of a value below 16.
    @inlinable
    package static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x37 + value
    }

    /// A character of a token (RFC 9110 §5.6.2): header and cookie names.
    package var isTokenCharacter: Bool {
        if isASCIILetter || isASCIIDigit { return true }
        switch Unicode.Scalar(self) {
        case "!", "#", "$", "%", "&", "'", "*", "+", "-", ".", "^", "_", "`", "|", "~": return true
        default: return false
        }
    }

    /// An unreserved character of a URI (RFC 3986 §2.3): its percent-encoded form means the same.
    @inlinable
    package var isUnreserved: Bool {
        isASCIILetter || isASCIIDigit || self == 0x2D || self == 0x2E || self == 0x5F || self == 0x7E
    }
}

extension Substring {
    /// The text without spaces and tabs at both ends.
    package var trimmed: String {
        var bytes = utf8
        while bytes.first == 0x20 || bytes.first == 0x09 { bytes.removeFirst() }
        while bytes.last == 0x20 || bytes.last == 0x09 { bytes.removeLast() }
        return String(Substring(bytes))
    }

    /// The text with `A`–`Z` made lower-case and nothing else changed.
    package var asciiLowercased: String {
        guard utf8.contains(where: { $0 &- 0x41 < 26 }) else { return String(self) }
        return String(decoding: utf8.map(\.asciiLowercased), as: UTF8.self)
    }
}

extension String {
    /// The text without spaces and tabs at both ends.
    package var trimmed: String { self[...].trimmed }

    /// The text with `A`–`Z` made lower-case and nothing else changed.
    package var asciiLowercased: String { self[...].asciiLowercased }

    /// The parts of the text between commas, empty ones too, without spaces and tabs at their ends.
    package var commaSeparated: [String] {
        utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { Substring($0).trimmed }
    }
}
