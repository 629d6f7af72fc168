import Foundation
import ProxyModel
import Testing

@Suite struct TimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_734_694_500, "2024-12-20T11:35:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (-86_400, "1969-12-31T00:00:00Z"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"), (Int64.min, "0000-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"), (Int64.max, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)])
    func wallTimesShowInRFC3339(seconds: Int64, text: String) {
        #expect(WallTime(seconds: seconds).rfc3339 == text)
    }

    @Test func wallTimesAgreeWithFoundation() {
        var random = SeededGenerator(state: 1)
        for _ in 0..<2000 {
            let seconds = Int64.random(in: -12_219_292_800...253_402_300_799, using: &random)  // from 1582-10-15 on
            let expected = Date(timeIntervalSince1970: TimeInterval(seconds)).ISO8601Format()
            #expect(WallTime(seconds: seconds).rfc3339 == expected)
        }
    }

    @Test func monotonicTimeAddsAndSubtractsWithinItsEnds() {
        let start = MonotonicTime(nanoseconds: 5_000_000_000)
        #expect((start + .seconds(2)).nanoseconds == 7_000_000_000)
        #expect((start + .seconds(-2)).nanoseconds == 3_000_000_000)
        #expect(start + .seconds(-6) == .zero)
        #expect(MonotonicTime(nanoseconds: .max) + .nanoseconds(1) == MonotonicTime(nanoseconds: .max))
        #expect(start - MonotonicTime(nanoseconds: 7_000_000_000) == .seconds(-2))
        #expect(start - start == .zero)
        #expect(start < start + .nanoseconds(1))
    }

    @Test func durationsBeyondNanosecondsAreClamped() {
        #expect(Duration.seconds(Int64.max).clampedNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).clampedNanoseconds == .min)
        #expect(Duration.milliseconds(-1500).clampedNanoseconds == -1_500_000_000)
    }

    @Test(arguments: [
        (0, 100), (1, 99), (45, 62), (60, 50), (119, 0), (120, 0), (121, 0), (-5, 100), (100_000, 0),
    ])
    func drainRampFallsLinearly(elapsed: Int, percent: Int) {
        let ramp = DrainRamp(startedAt: MonotonicTime(nanoseconds: 1_000_000_000_000), duration: .seconds(120))
        #expect(ramp.trafficPercent(at: ramp.startedAt + .seconds(elapsed)) == percent)
    }

    @Test func drainRampsOfExtremeLengthsAreFinite() {
        let start = MonotonicTime(nanoseconds: 1)
        #expect(DrainRamp(startedAt: start, duration: .zero).trafficPercent(at: start) == 0)
        let long = DrainRamp(startedAt: start, duration: .nanoseconds(Int64.max))
        #expect(long.trafficPercent(at: start + .nanoseconds(Int64.max / 2)) == 50)
    }
}

@Suite struct DurationTextTests {
    @Test(
        arguments: [
            ("300ms", 300_000_000), ("1.5s", 1_500_000_000), ("1m30s", 90_000_000_000), ("2h", 7_200_000_000_000),
            ("30", 30_000_000_000), ("+30", 30_000_000_000), (".5s", 500_000_000), ("5.s", 5_000_000_000),
            ("100us", 100_000), ("100µs", 100_000), ("100μs", 100_000), ("7ns", 7), ("24h", 86_400_000_000_000),
            ("0.5m", 30_000_000_000), ("1h0m0.000000001s", 3_600_000_000_001), ("1.0000000019s", 1_000_000_001),
            ("0.1h", 360_000_000_000),
        ] as [(String, Int64)])
    func goDurationsAreRead(text: String, nanoseconds: Int64) throws {
        #expect(try DurationText.parse(text, field: "timeout") == .nanoseconds(nanoseconds))
    }

    @Test(arguments: [
        "", "s", ".", ".s", "1.5", "5x", "1 s", "1S", "s5", "1h-5m", "--5s", "5s ", " 5s", "1..5s", "१s", "1e3s", "∞",
        "99999999999999999999s", "9223372036854775807h", "9223372036s9223372036s",
    ])
    func whatIsNoDurationIsNamed(text: String) {
        #expect(
            message { try DurationText.parse(text, field: "window") }
                == "invalid window \"\(text)\": expected a duration such as 300ms, 1.5s, 1m30s or 2h")
    }

    @Test(arguments: ["0", "0s", "-5s", "-1", "24h1ns", "25h", "86401"])
    func durationsOutsideTheRangeAreNamed(text: String) {
        #expect(
            message { try DurationText.parse(text, field: "timeout") }
                == "invalid timeout \"\(text)\": expected a duration of more than 0s and at most 24h")
    }

    @Test func zeroIsReadWhereItMakesSense() throws {
        #expect(try DurationText.parse("0", field: "grace", allowZero: true) == .zero)
        #expect(
            message { try DurationText.parse("-1s", field: "grace", allowZero: true, maximum: .seconds(90)) }
                == "invalid grace \"-1s\": expected a duration from 0s and at most 1m30s")
    }

    @Test(
        arguments: [
            (0, "0s"), (1, "1ns"), (1500, "1.5us"), (300_000_000, "300ms"), (1_500_000_000, "1.5s"),
            (90_000_000_000, "1m30s"), (7_200_000_000_000, "2h"), (3_600_000_000_001, "1h0.000000001s"),
            (120_000_000_000, "2m"), (-5_000_000_000, "-5s"),
        ] as [(Int64, String)])
    func durationsAreWrittenShortly(nanoseconds: Int64, text: String) {
        #expect(DurationText.format(.nanoseconds(nanoseconds)) == text)
    }

    @Test func whatIsWrittenReadsBack() throws {
        var random = SeededGenerator(state: 2)
        for _ in 0..<2000 {
            let size = UInt64.random(in: 0...46, using: &random)
            let duration = Duration.nanoseconds(Int64.random(in: 1...(1 << size), using: &random))
            #expect(try DurationText.parse(DurationText.format(duration), field: "x") == duration)
        }
    }
}
