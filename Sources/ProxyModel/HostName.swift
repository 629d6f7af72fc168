/// Host names as domains and backends name them.
enum HostName {
    /// The host name in lower-case ASCII, IDN labels as punycode and without a trailing dot.
    ///
    /// Labels have 1 to 63 letters, digits, hyphens (not at the ends) and underscores, which names of containers use.
    /// - Throws: a sentence fragment that says what is wrong with it.
    static func canonical(_ text: String) throws(ValueError) -> String {
        var name = text
        if !text.utf8.allSatisfy({ $0 < 0x80 }) { name = try toASCII(text) }
        name = name.asciiLowercased
        if name.utf8.last == UInt8(ascii: ".") { name.removeLast() }
        guard !name.isEmpty else { throw ValueError("it is empty") }
        guard name.utf8.count <= 253 else { throw ValueError("it is longer than 253 characters") }
        var length = 0
        var previous = UInt8(ascii: ".")
        for byte in name.utf8 {
            if byte == UInt8(ascii: ".") {
                guard length > 0 else { throw ValueError("a label is empty") }
                guard previous != UInt8(ascii: "-") else { throw ValueError("a label ends with a hyphen") }
                length = 0
            } else {
                guard byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                else { throw ValueError("'\(Unicode.Scalar(byte))' is not allowed in a host name") }
                guard byte != UInt8(ascii: "-") || length > 0 else { throw ValueError("a label begins with a hyphen") }
                length += 1
                guard length <= 63 else { throw ValueError("a label is longer than 63 characters") }
            }
            previous = byte
        }
        guard length > 0 else { throw ValueError("a label is empty") }
        guard previous != UInt8(ascii: "-") else { throw ValueError("a label ends with a hyphen") }
        return name
    }

    /// The name with its non-ASCII labels as `xn--` labels (RFC 5891 §4.2, with lower-casing as the only mapping).
    private static func toASCII(_ text: String) throws(ValueError) -> String {
        var labels: [String] = []
        let isDot: (Unicode.Scalar) -> Bool = { [0x2E, 0x3002, 0xFF0E, 0xFF61].contains($0.value) }
        for label in text.unicodeScalars.split(omittingEmptySubsequences: false, whereSeparator: isDot) {
            guard !label.allSatisfy(\.isASCII) else {
                labels.append(String(label))
                continue
            }
            guard label.count <= 63 else { throw ValueError("a label is longer than 63 characters") }
            let lowered = Array(String(label).lowercased().unicodeScalars)
            for scalar in lowered where !scalar.isASCII { try checkInternational(scalar) }
            guard let encoded = Punycode.encode(lowered) else { throw ValueError("a label cannot be encoded") }
            labels.append("xn--" + encoded)
        }
        return labels.joined(separator: ".")
    }

    private static func checkInternational(_ scalar: Unicode.Scalar) throws(ValueError) {
        // Nobody asks for a decomposed name: every resolver and browser composes first, so it would never match.
        guard !(0x300...0x36F).contains(scalar.value) else {
            throw ValueError("it has combining marks, write it in composed form (NFC) or as punycode")
        }
        let isCompatibilityForm = (0xFB00...0xFFEF).contains(scalar.value)
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark, .decimalNumber:
            if !isCompatibilityForm { return }
        default: break
        }
        throw ValueError("U+\(String(scalar.value, radix: 16, uppercase: true)) is not allowed in a host name")
    }
}
