import HTTPWire
import Testing

@Suite("Heads that come in pieces")
struct HeadProgressTests {
    @Test func aHeadByteByByteIsParsedOnceForEachLine() throws {
        let lines = (0..<100).map { "Header-\($0): \(String(repeating: "v", count: 500))\r\n" }.joined()
        var conversation = Conversation(.requests)
        for byte in [UInt8]("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".utf8) { conversation.feed([byte]) }
        let (heads, parses) = (conversation.heads, conversation.parses)
        #expect(heads == 1)
        // One for each of 103 lines, and one for each doubling.
        #expect(parses <= 103 + 17)
    }

    @Test func aWrongLineIsRefusedWhenItEnds() {
        var conversation = Conversation(.requests)
        for byte in [UInt8]("GET / HTTP/1.1\r\nHost : a\r\n".utf8) { conversation.feed([byte]) }
        let failure = conversation.failure
        #expect(failure == .whitespaceBeforeColon)
    }

    @Test func aLineWithoutEndIsRefusedAtTheLimit() {
        var conversation = Conversation(.requests, limits: HeadLimits(maxHeadBytes: 1000))
        for byte in [UInt8]("GET / HTTP/1.1\r\nA: ".utf8) + [UInt8](repeating: 97, count: 1000) {
            conversation.feed([byte])
        }
        let failure = conversation.failure
        #expect(failure == .headTooLarge)
    }

    @Test func onlyNewBytesAreLookedAt() {
        let bytes = [UInt8]("GET / HTTP/1.1\r\nHost: a".utf8)
        let answers = [0, 15, 16, bytes.count].map { mayBeComplete(bytes.span, scannedFrom: $0) }
        #expect(answers == [true, true, false, false])
    }
}
