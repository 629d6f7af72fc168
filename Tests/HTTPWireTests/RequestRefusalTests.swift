import HTTPWire
import Testing

@Suite("Requests that are refused")
struct RequestRefusalTests {
    @Test(arguments: [
        // Request lines.
        ("GET /\r\n", HeadError.badRequestLine), ("GET\r\n", .badMethod), ("GET  / HTTP/1.1\r\n", .badRequestLine),
        ("GET / HTTP/1.1 \r\n", .badRequestLine), ("GET /  HTTP/1.1\r\n", .badRequestLine),
        ("GET\t/ HTTP/1.1\r\n", .badMethod), (" GET / HTTP/1.1\r\n", .badMethod),
        ("G\u{7F}T / HTTP/1.1\r\n", .badMethod),
        ("\u{16}\u{3}\u{1}", .badMethod), ("ä / HTTP/1.1\r\n", .badMethod),
        (String(repeating: "X", count: 33) + " / HTTP/1.1\r\n", .badMethod), ("\nGET", .bareLineFeed),
        ("\rGET", .bareCarriageReturn), ("GET / HTTP/1.1\n", .bareLineFeed), ("GET / HTTP/1.1\rX", .bareCarriageReturn),
        ("GET / http/1.1\r\n", .badRequestLine), ("GET / HTTP/1.1x\r\n", .badRequestLine),
        ("GET / HTTP/1\r\n", .badRequestLine), ("GET / HTTPS/1.1\r\n", .badRequestLine),
        ("GET / HTTP/11\r\n", .badRequestLine),
        // Versions.
        ("GET / HTTP/2.0\r\n", .unsupportedVersion), ("GET / HTTP/1.2\r\n", .unsupportedVersion),
        ("GET / HTTP/0.9\r\n", .unsupportedVersion), ("GET / HTTP/3.0", .unsupportedVersion),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .http2Preface),
        // Targets.
        ("GET * HTTP/1.1\r\n", .badTarget), ("GET a HTTP/1.1\r\n", .badTarget), ("GET ?a HTTP/1.1\r\n", .badTarget),
        ("GET /a#b HTTP/1.1\r\n", .badTarget), ("GET /?a#b HTTP/1.1\r\n", .badTarget),
        ("GET /ä HTTP/1.1\r\n", .badTarget), ("GET /?ä HTTP/1.1\r\n", .badTarget),
        ("GET /\u{1} HTTP/1.1\r\n", .badTarget),
        ("GET /\u{7F} HTTP/1.1\r\n", .badTarget), ("GET /a\\b HTTP/1.1\r\n", .badTarget),
        ("GET /\t HTTP/1.1\r\n", .badTarget), ("GET ftp://a/ HTTP/1.1\r\n", .badTarget),
        ("GET http:/a/ HTTP/1.1\r\n", .badTarget), ("GET http:// HTTP/1.1\r\n", .badHost),
        ("GET http:///a HTTP/1.1\r\n", .badHost), ("GET http://u@a/ HTTP/1.1\r\n", .badHost),
        ("OPTIONS ** HTTP/1.1\r\n", .badTarget), ("CONNECT a:443 HTTP/1.1\r\n", .connectRefused),
        ("CONNECT / HTTP/1.1\r\n", .connectRefused),
    ])
    func aRequestLineIsRefused(_ text: String, _ error: HeadError) {
        #expect(throws: error) { try parseRequest(text) }
        #expect(throws: error) { try parseRequest(text + "Host: a\r\n\r\n") }
    }

    @Test(arguments: [
        ("\u{20}A: b", HeadError.obsoleteLineFolding), ("A: b\r\n c", .obsoleteLineFolding),
        ("A: b\r\n\tc", .obsoleteLineFolding), ("A : b", .whitespaceBeforeColon), ("A\t: b", .whitespaceBeforeColon),
        (": b", .badHeaderName), ("A", .badHeaderName), ("A\u{0}: b", .badHeaderName), ("Ä: b", .badHeaderName),
        ("A(b): c", .badHeaderName), ("A\nB: c", .bareLineFeed), ("A: b\nC: d", .bareLineFeed),
        ("\nA: b", .bareLineFeed),
        ("A: b\rC: d", .bareCarriageReturn), ("A: b\r\r\n", .bareCarriageReturn), ("\rA: b", .bareCarriageReturn),
        ("A: \u{0}", .controlCharacter), ("A: b\u{B}c", .controlCharacter), ("A: \u{7F}", .controlCharacter),
        ("A: b\u{1B}[0m", .controlCharacter), (String(repeating: "N", count: 5000) + ": x", .badHeaderName),
        // Framing.
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", .lengthAndTransferEncoding),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", .lengthAndTransferEncoding),
        ("Content-Length: 5\r\nContent-Length: 5", .duplicateContentLength),
        ("Content-Length: 5\r\nContent-Length: 6", .duplicateContentLength),
        ("Content-Length: 5, 5", .badContentLength), ("Content-Length: ", .badContentLength),
        ("Content-Length: -1", .badContentLength), ("Content-Length: +1", .badContentLength),
        ("Content-Length: 0x1", .badContentLength), ("Content-Length: 1 2", .badContentLength),
        ("Content-Length: 1;", .badContentLength), ("Content-Length: 1234567890123456789", .badContentLength),
        ("Transfer-Encoding: ", .unsupportedTransferCoding), ("Transfer-Encoding: gzip", .unsupportedTransferCoding),
        ("Transfer-Encoding: gzip, chunked", .unsupportedTransferCoding),
        ("Transfer-Encoding: chunked, gzip", .unsupportedTransferCoding),
        ("Transfer-Encoding: chunked,", .unsupportedTransferCoding),
        ("Transfer-Encoding: chunked;q=1", .unsupportedTransferCoding),
        ("Transfer-Encoding: \"chunked\"", .unsupportedTransferCoding),
        ("Transfer-Encoding: xchunked", .unsupportedTransferCoding),
        ("Transfer-Encoding: identity", .unsupportedTransferCoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .duplicateTransferEncoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", .duplicateTransferEncoding),
        // What else the fields say.
        ("Host: a", .duplicateHost), ("Host: b", .duplicateHost), ("Expect: something", .unknownExpectation),
        ("Expect: 100-continue, x", .unknownExpectation), ("Expect:", .unknownExpectation),
        ("Connection: close;x", .badConnection), ("Connection: a b", .badConnection),
        ("Connection: \"a\"", .badConnection),
        ("Connection: " + String(repeating: "a,", count: 65), .badConnection),
    ])
    func aHeaderLineIsRefused(_ line: String, _ error: HeadError) {
        #expect(throws: error) { try parseRequest("POST / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n") }
        #expect(throws: error) { try parseRequest("POST / HTTP/1.1\r\nHost: a\r\nFirst: 1\r\n\(line)\r\nZ: z\r\n\r\n") }
    }

    @Test func versionsDecideWhatFieldsMean() throws {
        #expect(throws: HeadError.missingHost) { try parseRequest("GET / HTTP/1.1\r\nHosts: a\r\n\r\n") }
        #expect(throws: HeadError.missingHost) { try parseRequest("GET http://a/ HTTP/1.1\r\n\r\n") }
        #expect(throws: HeadError.transferEncodingInHTTP10) {
            try parseRequest("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")
        }
        // RFC 9110 §10.1.1: HTTP/1.0 has no expectations, so none is passed on.
        let old = try #require(try parseRequest("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"))
        #expect(!old.head.expectsContinue && old.lines[0].isDropped)
    }

    @Test func limitsHold() throws {
        let limits = HeadLimits(maxHeadBytes: 200, maxHeaders: 3, maxTargetBytes: 20)
        let head = "GET / HTTP/1.1\r\nHost: a\r\n"
        #expect(throws: HeadError.tooManyHeaders) {
            try parseRequest(head + "A: 1\r\nB: 2\r\nC: 3\r\n", limits: limits)
        }
        #expect(try parseRequest(head + "A: 1\r\nB: 2\r\n\r\n", limits: limits) != nil)
        let padding = String(repeating: "x", count: 200)
        #expect(throws: HeadError.headTooLarge) { try parseRequest(head + "A: \(padding)", limits: limits) }
        #expect(throws: HeadError.headTooLarge) { try parseRequest(head + "A: \(padding)\r\n\r\n", limits: limits) }
        let target = "/" + String(repeating: "x", count: 19)
        #expect(try parseRequest("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits) != nil)
        #expect(throws: HeadError.targetTooLong) { try parseRequest("GET \(target)x HTTP/1.1\r\n", limits: limits) }
        #expect(throws: HeadError.targetTooLong) { try parseRequest("GET \(target)x", limits: limits) }
        // One more than the table has room for.
        let lines = (0..<128).map { "H\($0): v\r\n" }.joined()
        #expect(throws: HeadError.tooManyHeaders) { try parseRequest(head + lines + "\r\n") }
        #expect(try #require(try parseRequest(head + lines.dropFirst(7) + "\r\n")).head.headerCount == 128)
    }

    @Test func errorsKnowTheirStatus() {
        #expect(HeadError.targetTooLong.status == 414)
        #expect(HeadError.headTooLarge.status == 431)
        #expect(HeadError.tooManyHeaders.status == 431)
        #expect(HeadError.connectRefused.status == 501)
        #expect(HeadError.http2Preface.status == 505)
        #expect(HeadError.unsupportedVersion.status == 505)
        #expect(HeadError.unknownExpectation.status == 417)
        #expect(HeadError.badHost.status == 400)
        #expect(HeadError.missingHost.reason.description == "the Host header is missing")
    }
}
