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
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        if rest.allSatisfy(\.isASCIIDigit) {
            guard let seconds = number(of: rest) else { return nil }
            let (total, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
            return overflow ? nil : isNegative ? -total : total
        }
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
    private static func takePart(_ rest: inout Substring.UTF8View) -> Int64? {
        let whole = rest.prefix(while: \.isASCIIDigit)
        rest = rest[whole.endIndex...]
        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = rest.prefix(while: \.isASCIIDigit)
            rest = rest[fraction.endIndex...]
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        let unitText = rest.prefix { !$0.isASCIIDigit && $0 != UInt8(ascii: ".") }
        rest = rest[unitText.endIndex...]
        guard let unit = units.first(where: { unitText.elementsEqual($0.name.utf8) })?.nanoseconds,
            let number = number(of: whole)
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        // Digits below a nanosecond are cut off, as Go does.
        var (scaled, scale) = (Int64(0), unit)
        for digit in fraction {
            scaled += Int64(digit - UInt8(ascii: "0")) * scale / 10
            scale /= 10
        }
        return product.addingReportingOverflow(scaled).overflow ? nil : product + scaled
    }

    /// The number that the digits show (0 for none); `nil` where it does not fit.
    private static func number(of digits: Substring.UTF8View) -> Int64? {
        var number: Int64 = 0
        for digit in digits {
            let (product, tooBig) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            guard !tooBig, !overflow else { return nil }
            number = sum
        }
        return number
    }
}
