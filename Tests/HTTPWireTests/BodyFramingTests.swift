import HTTPWire
import Testing

@Suite("Body framing")
struct BodyFramingTests {
    /// How far a body is taken, given all its bytes at once.
    private func scan(_ text: String, _ framing: BodyFraming = .chunked) throws(HeadError) -> (Int, BodyFraming) {
        var framing = framing
        let bytes = [UInt8](text.utf8)
        let count = try framing.scan(bytes.span, from: 0)
        return (count, framing)
    }

    @Test func aLengthIsCountedDown() throws {
        var framing = BodyFraming.length(5)
        let bytes = [UInt8]("abcdefgh".utf8)
        let first = try framing.scan(bytes.span.extracting(0..<3), from: 0)
        #expect(first == 3 && !framing.isDone && framing.knownRemaining == 2)
        let second = try framing.scan(bytes.span, from: 3)
        #expect(second == 2 && framing.isDone && framing.payloadBytes == 5)
        let third = try framing.scan(bytes.span, from: 5)
        #expect(third == 0)
        #expect(BodyFraming.length(0).isDone && BodyFraming.none.isDone)
    }

    @Test func aBodyUntilCloseTakesEverything() throws {
        let (count, framing) = try scan("anything", .untilClose)
        #expect(count == 8 && !framing.isDone && framing.payloadBytes == 8)
    }

    @Test func chunksAreTakenUpToTheTrailers() throws {
        let body = "3\r\nabc\r\n00A;x=y\r\n0123456789\r\n0;last\r\n"
        let (count, framing) = try scan(body + "Trailer: 1\r\n\r\n")
        #expect(count == body.utf8.count)
        #expect(framing.phase == .trailers && framing.payloadBytes == 13)
        var ended = framing
        ended.trailersTaken()
        #expect(ended.isDone)
    }

    @Test(arguments: [
        "5;a\r\n", "5;a=b\r\n", "5;a=\"b c\\\"d\"\r\n", "5;a;b=c;d\r\n", "5; a = b ; c\r\n", "5;\ta\t;b\r\n",
        "5;a=\"\"\r\n",
        "5;a=\"\"  ;b\r\n", "5;a=\"ä\t\"\r\n", "000000000000005\r\n", "fFfFf\r\n",
    ])
    func aSizeLineIsTaken(_ line: String) throws {
        #expect(try scan(line).0 == line.utf8.count)
    }

    @Test(arguments: [
        ("\r\n", HeadError.badChunkSize), ("g\r\n", .badChunkSize), (" 5\r\n", .badChunkSize),
        ("5 \r\n", .badChunkSize),
        ("5\t;a\r\n", .badChunkSize), ("5\n", .badChunkSize), ("5\r5", .badChunkSize), ("-5\r\n", .badChunkSize),
        ("+5\r\n", .badChunkSize), ("0x5\r\n", .badChunkSize), ("5,\r\n", .badChunkSize), (";a\r\n", .badChunkSize),
        ("1000000000000000\r\n", .chunkSizeOverflow), ("0000000000000005\r\n", .chunkSizeOverflow),
        ("ffffffffffffffff\r\n", .chunkSizeOverflow), ("5;\r\n", .badChunkExtension), ("5;a=\r\n", .badChunkExtension),
        ("5;a \r\n", .badChunkExtension), ("5;a=b \r\n", .badChunkExtension), ("5;a=b c\r\n", .badChunkExtension),
        ("5;a b\r\n", .badChunkExtension), ("5;=b\r\n", .badChunkExtension), ("5;a=b=c\r\n", .badChunkExtension),
        ("5;a\n", .badChunkExtension), ("5;a=\"b\r\n", .badChunkExtension), ("5;a=\"b\nc\"\r\n", .badChunkExtension),
        ("5;a=\"b\\\r\n", .badChunkExtension), ("5;a=\"b\"c\r\n", .badChunkExtension),
        ("5;a\u{0}\r\n", .badChunkExtension),
        ("5;ä\r\n", .badChunkExtension), ("5;a\r5", .badChunkSize), ("1\r\nab", .badChunkEnd),
        ("1\r\na\n", .badChunkEnd),
        ("1\r\na\rb", .badChunkEnd), ("1\r\na\r\n\r\n", .badChunkSize),
    ])
    func aChunkIsRefused(_ text: String, _ error: HeadError) {
        #expect(throws: error) { try scan(text) }
        // In pieces, and when decoded.
        var conversation = Conversation(.requests, reading: .decode)
        for piece in [UInt8]("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(text)".utf8).singly {
            conversation.feed(piece)
        }
        let failure = conversation.failure
        #expect(failure == error)
    }

    @Test func extensionsAreBounded() throws {
        let long = String(repeating: "x", count: 5000)
        #expect(throws: HeadError.chunkExtensionsTooLong) { try scan("5;\(long)") }
        let short = ";" + String(repeating: "x", count: 40)
        #expect(throws: HeadError.chunkExtensionsTooLong) {
            try scan(String(repeating: "1\(short)\r\na\r\n", count: 200))
        }
        // As many as there is payload are nobody's harm.
        let payload = String(repeating: "y", count: 64)
        #expect(try scan(String(repeating: "40\(short)\r\n\(payload)\r\n", count: 200)).1.payloadBytes == 12_800)
    }

    @Test func decodingFindsThePayloadAlone() throws {
        let bytes = [UInt8]("3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\nNEXT".utf8)
        var framing = BodyFraming.chunked
        var index = 0
        var payload: [UInt8] = []
        while framing.phase == .streaming {
            let run = try framing.decode(bytes.span, from: index)
            payload += bytes[(index + run.skip)..<(index + run.skip + run.count)]
            index += run.skip + run.count
        }
        #expect(payload == [UInt8]("abcde".utf8))
        #expect(framing.phase == .trailers && bytes[index...].elementsEqual("\r\nNEXT".utf8))
        let nothing = try framing.decode(bytes.span, from: index)
        #expect(nothing == (0, 0))
    }

    @Test func bodiesOfAnyChunksComeBackAsTheyWere() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<300 {
            let (encoded, payload) = randomChunks(&random)
            let bytes = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8) + encoded
            var pieces: [ArraySlice<UInt8>] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                pieces.append(rest.prefix(Int.random(in: 1...40, using: &random)))
                rest = rest.dropFirst(pieces.last!.count)
            }
            for reading in [Conversation.Reading.scan, .decode] {
                var conversation = Conversation(.requests, reading: reading)
                for piece in pieces { conversation.feed(piece) }
                let isWhole = conversation.failure == nil && !conversation.isInsideMessage
                let (count, body) = (conversation.payload, conversation.body)
                #expect(isWhole && count == payload.count)
                #expect(body == (reading == .decode ? payload : Array(encoded.dropLast(2))))
            }
        }
    }

    /// A body in chunks and its payload, written the plain way.
    private func randomChunks(_ random: inout SplitMix64) -> (encoded: [UInt8], payload: [UInt8]) {
        var encoded: [UInt8] = []
        var payload: [UInt8] = []
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let chunk = (0..<Int.random(in: 1...70, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var size = String(chunk.count, radix: 16)
            if Bool.random(using: &random) { size = size.uppercased() }
            if Bool.random(using: &random) { size = "0" + size }
            if Bool.random(using: &random) { size += ";n=\"v \\\" \"" }
            encoded += Array(size.utf8) + [13, 10] + chunk + [13, 10]
            payload += chunk
        }
        return (encoded + Array("0\r\n\r\n".utf8), payload)
    }
}

/// A generator whose numbers are the same in every run.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
