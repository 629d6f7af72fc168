/// Durations as text, in Go's syntax.
public enum DurationText {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// Reads `300ms`, `1.5s`, `1m30s` or `2h`; a bare integer counts seconds.
    ///
    /// - Parameters:
    ///   - field: the name that an error calls the value by.
    ///   - allowZero: whether zero makes sense here.
    ///   - maximum: the longest duration that makes sense here.
    /// - Throws: an error with field and value where it is not a duration, is negative or not in the range.
    public static func parse(
        _ text: String, field: String, allowZero: Bool = false, maximum: Duration = .seconds(86_400)
    ) throws(ValueError) -> Duration {
        guard let nanoseconds = nanoseconds(of: text) else {
            throw .invalid(field, text, expected: "a duration such as 300ms, 1.5s, 1m30s or 2h")
        }
        let duration = Duration.nanoseconds(nanoseconds)
        guard duration <= maximum, duration > .zero || (allowZero && duration == .zero) else {
            let lowest = allowZero ? "from 0s" : "of more than 0s"
            throw .invalid(field, text, expected: "a duration \(lowest) and at most \(format(maximum))")
        }
        return duration
    }

    /// The shortest form that ``parse(_:field:allowZero:maximum:)`` reads back to the same duration (in nanoseconds).
    public static func format(_ duration: Duration) -> String {
        let nanoseconds = duration.clampedNanoseconds
        let sign = nanoseconds < 0 ? "-" : ""
        let size = nanoseconds.magnitude
        if size == 0 { return "0s" }
        if size < 1000 { return "\(sign)\(size)ns" }
        if size < 1_000_000 { return sign + decimal(size, unit: 1000) + "us" }
        if size < 1_000_000_000 { return sign + decimal(size, unit: 1_000_000) + "ms" }
        let (minutes, rest) = size.quotientAndRemainder(dividingBy: 60_000_000_000)
        var text = sign
        if minutes >= 60 { text += "\(minutes / 60)h" }
        if minutes % 60 > 0 { text += "\(minutes % 60)m" }
        if rest > 0 { text += decimal(rest, unit: 1_000_000_000) + "s" }
        return text
    }

    private static func decimal(_ size: UInt64, unit: UInt64) -> String {
        guard size % unit > 0 else { return "\(size / unit)" }
        var fraction = String(unit + size % unit).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(size / unit).\(fraction)"
    }

    /// The nanoseconds of a Go duration; `nil` where it is none or does not fit.
    private static func nanoseconds(of text: String) -> Int64? {
        var rest = text[...]
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        guard let first = rest.utf8.first, first.isASCIIDigit || first == UInt8(ascii: ".") else { return nil }
        if rest.utf8.allSatisfy(\.isASCIIDigit) { rest += "s" }
        var total: Int64 = 0
        while !rest.isEmpty {
            guard let part = takePart(&rest) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return isNegative ? -total : total
    }

    /// Takes one number with its unit off the front.
    private static func takePart(_ rest: inout Substring) -> Int64? {
        let whole = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest[whole.endIndex...]
        var fraction = rest[rest.startIndex..<rest.startIndex]
        if rest.first == "." {
            rest.removeFirst()
            fraction = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[fraction.endIndex...]
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        let unitText = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
        rest = rest[unitText.endIndex...]
        guard let unit = units.first(where: { $0.name == unitText })?.nanoseconds,
            let number = whole.isEmpty ? 0 : Int64(whole)
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        // Digits below a nanosecond are cut off, as Go does.
        var (scaled, scale) = (Int64(0), unit)
        for digit in fraction.utf8 {
            scaled += Int64(digit - UInt8(ascii: "0")) * scale / 10
            scale /= 10
        }
        return product.addingReportingOverflow(scaled).overflow ? nil : product + scaled
    }
}
