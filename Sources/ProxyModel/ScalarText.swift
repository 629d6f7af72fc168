/// Truth values as text.
public enum BooleanText {
    /// Reads `true`, `on`, `1`, `yes` and `false`, `off`, `0`, `no`, in lower case.
    ///
    /// - Throws: an error with field and value for anything else.
    public static func parse(_ text: String, field: String) throws(ValueError) -> Bool {
        switch text {
        case "true", "on", "1", "yes": return true
        case "false", "off", "0", "no": return false
        default: throw .invalid(field, text, expected: "true, false, on, off, 1, 0, yes or no")
        }
    }
}

/// Whole numbers as text.
public enum IntegerText {
    /// Reads a decimal number with an optional sign.
    ///
    /// - Throws: an error with field and value where it is none or is not in `range`.
    public static func parse(_ text: String, field: String, in range: ClosedRange<Int>) throws(ValueError) -> Int {
        let digits =
            text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+")
            ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy(\.isASCIIDigit), let number = Int(text), range.contains(number) else {
            throw .invalid(field, text, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

/// Numbers of bytes as text.
public enum ByteCountText {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000),
        ("B", 1),
    ]

    /// Reads a positive number of bytes, `1048576`, or one with a unit, `10MB` or `64KiB`.
    ///
    /// - Throws: an error with field and value where it is none, is zero or does not fit.
    public static func parse(_ text: String, field: String) throws(ValueError) -> Int {
        let unit = units.first { text.hasSuffix($0.suffix) } ?? ("", 1)
        let digits = text.dropLast(unit.suffix.count)
        if !digits.isEmpty, digits.utf8.allSatisfy(\.isASCIIDigit), let number = Int(digits), number > 0 {
            let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
            if !overflow { return bytes }
        }
        throw .invalid(field, text, expected: "a positive number of bytes such as 1048576, 64KiB or 10MB")
    }
}
