import Glibc
import Logging
import ProxyConfiguration
import ProxyModel
import Testing

@testable import ApusServer

@Suite struct LogTests {
    @Test func registryLinesLookAsTheGuideShowsThem() {
        let line = LineLogHandler.text(
            label: "registry", level: .info, message: "Service registered: a at b:9000 (session: c)", metadata: [])
        #expect(line == "[registry] Service registered: a at b:9000 (session: c)")
    }

    @Test func otherLevelsAreNamed() {
        #expect(LineLogHandler.text(label: "apus", level: .warning, message: "x", metadata: []) == "[apus] warning: x")
        #expect(
            LineLogHandler.text(label: "apus", level: .notice, message: "x", metadata: [("k", "v")]) == "[apus] x k=v")
    }

    @Test func controlCharactersCannotForgeLines() {
        let text = "a\nb\r\u{1b}[31m\u{2028}"
        #expect(
            LineLogHandler.text(label: "l", level: .info, message: text, metadata: [])
                == "[l] a\\nb\\r\\u{1b}[31m\\u{2028}")
        let json = LineLogHandler.json(
            label: "l", level: .info, message: text + "\"\\", metadata: [], time: .init(seconds: 0))
        #expect(
            json
                == #"{"time":"1970-01-01T00:00:00Z","level":"info","label":"l","message":"a\u000ab\u000d\u001b[31m\u2028\"\\"}"#
        )
    }

    @Test func linesReachTheDescriptorInOrder() throws {
        var ends: [Int32] = [0, 0]
        // Safe because the array has room for the two descriptors.
        try #require(unsafe pipe(&ends) == 0)
        let writer = LogWriter(descriptor: ends[1])
        for number in 0..<1000 { writer.write("line \(number)") }
        writer.flush()
        close(ends[1])
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            // Safe because the buffer's true size is given.
            let count = unsafe read(ends[0], &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        close(ends[0])
        #expect(String(decoding: bytes, as: UTF8.self) == (0..<1000).map { "line \($0)\n" }.joined())
    }

    @Test func openFilesLeaveRoomForBackends() {
        for limit in [256, 1024, 20_000, 1_048_576] {
            let files = OpenFiles(limit: limit)
            #expect(files.clientConnections <= limit / 4 * 3)
            #expect(files.registryConnections(wanted: 20_000) <= limit)
        }
        #expect(OpenFiles(limit: 1_048_576).registryConnections(wanted: 20_000) == 20_000)
    }
}
