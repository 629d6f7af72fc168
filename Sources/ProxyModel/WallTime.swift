/// A time of day as people see it: whole seconds of UTC since 1970. It may jump when the machine's clock is set.
public struct WallTime: Comparable, Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public var seconds: Int64

    /// The time `seconds` after 1970-01-01T00:00:00Z.
    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Whether `left` is earlier.
    public static func < (left: WallTime, right: WallTime) -> Bool {
        left.seconds < right.seconds
    }

    /// The time in RFC 3339 form in UTC with second precision: `2024-12-20T11:35:00Z`.
    ///
    /// Valid for the years 0000 to 9999; a time outside shows as the nearest end.
    public var rfc3339: String {
        let clamped = min(max(seconds, -62_167_219_200), 253_402_300_799)
        let days = clamped >= 0 ? clamped / 86_400 : (clamped - 86_399) / 86_400
        let second = Int(clamped - days * 86_400)
        let (year, month, day) = Self.date(daysSince1970: Int(days))
        var text: [UInt8] = []
        text.reserveCapacity(20)
        Self.append(year, digits: 4, then: "-", to: &text)
        Self.append(month, digits: 2, then: "-", to: &text)
        Self.append(day, digits: 2, then: "T", to: &text)
        Self.append(second / 3600, digits: 2, then: ":", to: &text)
        Self.append(second / 60 % 60, digits: 2, then: ":", to: &text)
        Self.append(second % 60, digits: 2, then: "Z", to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The date of the proleptic Gregorian calendar. Years are counted from March, so that the leap day comes last.
    private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468  // days since 0000-03-01
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func append(_ number: Int, digits: Int, then mark: Unicode.Scalar, to text: inout [UInt8]) {
        var divisor = digits == 4 ? 1000 : 10
        while divisor > 0 {
            text.append(UInt8(48 + number / divisor % 10))
            divisor /= 10
        }
        text.append(UInt8(ascii: mark))
    }
}

/// One moment on both clocks: what a pure state machine gets as "now".
public struct Moment: Hashable, Sendable {
    /// For deadlines and intervals.
    public var monotonic: MonotonicTime
    /// For what people see.
    public var wall: WallTime

    /// Makes a moment of the two clocks' readings.
    public init(monotonic: MonotonicTime, wall: WallTime) {
        self.monotonic = monotonic
        self.wall = wall
    }
}
