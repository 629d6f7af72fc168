import HTTPWire
import Testing

@Suite("Response heads")
struct ResponseHeadTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK", 200, "OK", 1, true), ("HTTP/1.1 200 ", 200, "", 1, true),
        ("HTTP/1.1 200", 200, "", 1, false),
        ("HTTP/1.0 404 Not Found", 404, "Not Found", 0, false), ("HTTP/1.1 999 x\ty", 999, "x\ty", 1, true),
        ("HTTP/1.1 100 Continue", 100, "Continue", 1, true), ("HTTP/1.1 200 Schön", 200, "Schön", 1, true),
        ("HTTP/1.1 200  OK ", 200, " OK ", 1, true),
    ])
    func aStatusLineIsTaken(_ line: String, _ status: Int, _ reason: String, _ minor: Int, _ isVerbatim: Bool) throws {
        for rest in ["\r\n\r\n", "\r\nServer: x\r\n\r\nbody"] {
            let parsed = try #require(try parseResponse(line + rest))
            #expect(parsed.head.status == status)
            #expect(parsed.text(parsed.head.reason) == reason)
            #expect(parsed.head.minorVersion == minor)
            #expect(parsed.head.isVerbatim == isVerbatim)
            #expect(parsed.head.firstLineEnd == line.utf8.count + 2)
        }
    }

    @Test(arguments: [
        ("HTTP/2.0 200 OK", HeadError.badStatusLine), ("HTTP/1.2 200 OK", .badStatusLine),
        ("http/1.1 200 OK", .badStatusLine),
        ("HTTP/1.1  200 OK", .badStatusLine), ("HTTP/1.1 20 OK!", .badStatusLine), ("HTTP/1.1 2000 OK", .badStatusLine),
        ("HTTP/1.1 099 OK", .badStatusLine), ("HTTP/1.1 000 OK", .badStatusLine), ("HTTP/1.1 2x0 OK", .badStatusLine),
        ("HTTP/1.1\t200 OK", .badStatusLine), ("HTTP/1.1 200OK", .badStatusLine), ("HTTP/1.1 200\tOK", .badStatusLine),
        ("\r\nHTTP/1.1 200 OK", .badStatusLine), ("ICY 200 OK", .badStatusLine), ("<html><body>", .badStatusLine),
        ("HTTP/1.1 200 O\u{0}K", .controlCharacter), ("HTTP/1.1 200 OK\nA: b", .bareLineFeed),
        ("HTTP/1.1 200 OK\rA: b", .bareCarriageReturn),
    ])
    func aStatusLineIsRefused(_ line: String, _ error: HeadError) {
        #expect(throws: error) { try parseResponse(line + "\r\n\r\n") }
    }

    @Test(arguments: [
        ("Content-Length: 1\r\nTransfer-Encoding: chunked", HeadError.lengthAndTransferEncoding),
        ("Content-Length: 1\r\nContent-Length: 1", .duplicateContentLength), ("Content-Length: 1x", .badContentLength),
        ("Transfer-Encoding: gzip", .unsupportedTransferCoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .duplicateTransferEncoding),
        ("A: b\r\n c", .obsoleteLineFolding), ("A : b", .whitespaceBeforeColon), ("Connection: a b", .badConnection),
    ])
    func aHeaderLineIsRefused(_ line: String, _ error: HeadError) {
        #expect(throws: error) { try parseResponse("HTTP/1.1 200 OK\r\n\(line)\r\n\r\n") }
    }

    @Test func aResponseOfHTTP10HasNoTransferEncoding() {
        #expect(throws: HeadError.transferEncodingInHTTP10) {
            try parseResponse("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        }
    }

    @Test(arguments: [
        // status, method, lines, framing
        ("200", Method.get, "", BodyFraming.untilClose), ("200", .get, "Content-Length: 5\r\n", .length(5)),
        ("200", .get, "Content-Length: 0\r\n", .length(0)), ("200", .get, "Transfer-Encoding: chunked\r\n", .chunked),
        ("200", .head, "Content-Length: 5\r\n", .none), ("200", .head, "Transfer-Encoding: chunked\r\n", .none),
        ("304", .get, "Content-Length: 5\r\n", .none), ("204", .get, "Content-Length: 5\r\n", .none),
        ("204", .get, "Transfer-Encoding: chunked\r\n", .none), ("103", .get, "Content-Length: 5\r\n", .none),
        ("404", .post, "Content-Length: 5\r\n", .length(5)), ("205", .post, "", .untilClose),
    ])
    func aBodyIsFramed(_ status: String, _ method: Method, _ lines: String, _ framing: BodyFraming) throws {
        let parsed = try #require(try parseResponse("HTTP/1.1 \(status) X\r\n\(lines)\r\n"))
        #expect(parsed.head.bodyFraming(for: method) == framing)
    }

    @Test(arguments: ["100", "199", "204"])
    func aResponseThatCannotHaveABodySaysNothingOfOne(_ status: String) throws {
        for line in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
            let parsed = try #require(try parseResponse("HTTP/1.1 \(status) X\r\nA: b\r\n\(line)\r\n\r\n"))
            #expect(parsed.lines.map(\.isDropped) == [false, true])
            #expect(parsed.head.hasDropped && parsed.head.contentLength == -1 && !parsed.head.isChunked)
        }
        // RFC 9110 §8.6 and RFC 9112 §6.1 allow both with 304.
        let parsed = try #require(try parseResponse("HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n"))
        #expect(!parsed.head.hasDropped)
    }

    @Test func aConnectionPersistsAsTheBackendSays() throws {
        func isPersistent(_ text: String) throws -> Bool { try #require(try parseResponse(text)).head.isPersistent }
        #expect(try isPersistent("HTTP/1.1 200 OK\r\n\r\n"))
        #expect(try !isPersistent("HTTP/1.1 200 OK\r\nConnection: x, CLOSE\r\n\r\n"))
        #expect(try !isPersistent("HTTP/1.0 200 OK\r\n\r\n"))
        #expect(try isPersistent("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"))
        #expect(try !isPersistent("HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n\r\n"))
    }

    @Test func hostAndExpectMeanNothingInAResponse() throws {
        let parsed = try #require(
            try parseResponse("HTTP/1.1 200 OK\r\nHost: a\r\nHost: b c\r\nExpect: x\r\nTE: trailers\r\n\r\n"))
        #expect(parsed.lines.map(\.isDropped) == [false, false, false, true])
        #expect(!parsed.head.fields.acceptsTrailers)
    }
}
