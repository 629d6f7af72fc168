import ProxyModel
import Testing

@testable import RegistryProtocol

@Suite struct PropertyTests {
    /// Lines near valid ones: what a parser gets wrong, it gets wrong there.
    private func mutated(_ line: String, using random: inout SeededGenerator) -> [UInt8] {
        let pieces = Array("|,\"{}[]:/ r1ALL0-.*\u{1}ü\n\r".utf8)
        var bytes = Array(line.utf8)
        for _ in 0...Int.random(in: 0...3, using: &random) {
            let index = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0 where index < bytes.count: bytes[index] = pieces.randomElement(using: &random) ?? 0
            case 1 where index < bytes.count: bytes.remove(at: index)
            case 2 where index < bytes.count: bytes[index] = UInt8.random(in: 0...255, using: &random)
            default: bytes.insert(pieces.randomElement(using: &random) ?? 0, at: index)
            }
        }
        return bytes
    }

    @Test func anyLineIsAnsweredInOneLine() {
        var random = SeededGenerator(state: 8)
        let lines = CommandExample.all.map(\.line) + ["REGISTER|s|i|1|{\"a\":[1,2]}", "RECONNECT|s", "ACK"]
        for _ in 0..<30_000 {
            let line = mutated(lines.randomElement(using: &random) ?? "", using: &random)
            switch CommandParser.parse(line) {
            case .success(let parsed):
                #expect(parsed.transactionID.map(TransactionID.isValid) ?? true)
                #expect(parsed.sessionID?.contains("|") != true)
            case .failure(let error):
                let reply = Reply.error(error.transactionID, error.reason)
                #expect(!reply.unicodeScalars.contains(where: PlainText.isControl))
                #expect(reply.utf8.count < 1000)
            }
        }
    }

    @Test func whatASplitterHandsOutDoesNotDependOnTheChunks() {
        var random = SeededGenerator(state: 9)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                [0x0A, 0x0D, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66].randomElement(using: &random) ?? 0 as UInt8
            }
            let limit = Int.random(in: 1...12, using: &random)
            var whole = LineSplitter(limit: limit)
            whole.append(bytes)
            var expected: [LineSplitter.Event] = []
            while let event = whole.next() { expected.append(event) }
            var pieces = LineSplitter(limit: limit)
            var events: [LineSplitter.Event] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                pieces.append(rest.prefix(count))
                rest = rest.dropFirst(count)
                // Sometimes lines are left waiting while more arrives.
                while Bool.random(using: &random), let event = pieces.next() { events.append(event) }
            }
            while let event = pieces.next() { events.append(event) }
            #expect(events == expected)
            #expect(pieces.isInsideLine == whole.isInsideLine)
        }
    }
}
