import Testing

@testable import RegistryProtocol

@Suite struct LineSplitterTests {
    private func events(_ chunks: [[UInt8]], limit: Int = 8) -> [LineSplitter.Event] {
        var splitter = LineSplitter(limit: limit)
        var events: [LineSplitter.Event] = []
        for chunk in chunks {
            splitter.append(chunk)
            while let event = splitter.next() { events.append(event) }
        }
        return events
    }

    private func line(_ text: String) -> LineSplitter.Event { .line(Array(text.utf8)) }

    private static let inputs: [(String, [String?])] = [
        ("PING|s\n", ["PING|s"]), ("a\r\nb\n\n\r\nc\r\r\n", ["a", "b", "c\r"]), ("a\rb\n\rc\n", ["a\rb", "\rc"]),
        ("12345678\n12345678\r\n", ["12345678", "12345678"]), ("123456789\nok\n", [nil, "ok"]),
        ("123456789\r\nok\n", [nil, "ok"]), ("12345678\r9\nok\n", [nil, "ok"]), ("12345678\r\r\nok\n", [nil, "ok"]),
        ("1234567890123456789012345\n\nok\n1234567890\nx\n", [nil, "ok", nil, "x"]), ("incomplete", [nil]),
        ("part", []),
        ("", []), ("\n\n\n", []), ("ü\u{0}\n", ["ü\u{0}"]),
    ]

    @Test(arguments: inputs)
    func linesComeOutAtEverySplit(input: String, expected: [String?]) {
        let bytes = Array(input.utf8)
        let expected = expected.map { $0.map(line) ?? .tooLong }
        #expect(events([bytes]) == expected)
        #expect(events(bytes.map { [$0] }) == expected)
        for first in 0...bytes.count {
            #expect(events([Array(bytes[..<first]), Array(bytes[first...])]) == expected)
            for second in first...bytes.count {
                let chunks = [Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]
                #expect(events(chunks) == expected)
            }
        }
    }

    @Test func linesThatWaitSurviveWhatIsAppended() {
        var splitter = LineSplitter()
        splitter.append(Array("a\nb\nc".utf8))
        #expect(splitter.next() == line("a"))
        splitter.append(Array("d\n".utf8).span)
        #expect(splitter.next() == line("b"))
        #expect(splitter.next() == line("cd"))
        #expect(splitter.next() == nil)
    }

    @Test func itKnowsWhetherALineHasBegun() {
        var splitter = LineSplitter(limit: 8)
        #expect(!splitter.isInsideLine)
        for (bytes, isInside) in [
            ("a", true), ("\n", false), ("\r", true), ("\n", false), ("123456789", true), ("\n", false),
        ] {
            splitter.append(Array(bytes.utf8))
            while splitter.next() != nil {}
            #expect(splitter.isInsideLine == isInside)
        }
        splitter.append(Array("abc".utf8))
        splitter.finish()
        #expect(!splitter.isInsideLine)
        #expect(splitter.bufferedCount == 0)
    }

    @Test func anEndlessLineIsReportedOnceAndNotKept() {
        var splitter = LineSplitter()
        let chunk = [UInt8](repeating: 0x61, count: 8192)
        var reports = 0
        for _ in 0..<1000 {
            splitter.append(chunk)
            while let event = splitter.next() {
                #expect(event == .tooLong)
                reports += 1
            }
            #expect(splitter.bufferedCount <= LineSplitter.standardLimit)
        }
        #expect(reports == 1)
        splitter.append(Array("\nPING|s\n".utf8))
        #expect(splitter.next() == line("PING|s"))
    }

    @Test func theStandardLimitIsTheGuides() {
        let longest = [UInt8](repeating: 0x61, count: 16_384)
        #expect(events([longest + [0x0A]], limit: LineSplitter.standardLimit) == [.line(longest)])
        #expect(events([longest + [0x61, 0x0A]], limit: LineSplitter.standardLimit) == [.tooLong])
        #expect(LineError.lineTooLong() == "line too long (limit 16384 bytes)")
    }
}
