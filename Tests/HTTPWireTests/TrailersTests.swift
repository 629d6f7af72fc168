import HTTPWire
import Testing

@Suite("Trailers")
struct TrailersTests {
    @Test func aSectionIsReadAndWritten() throws {
        let bytes = [UInt8](
            "0\r\nX-Sum: 1\r\nContent-Length: 5\r\ngrpc-status: 0\r\nTransfer-Encoding: x\r\n\r\nGET".utf8)
        var headers = HeaderTable()
        let found = try parseTrailers(bytes.span, from: 3, &headers)
        let size = try #require(found)
        #expect(bytes[(3 + size)...].elementsEqual("GET".utf8))
        var dropped: [Bool] = []
        for index in 0..<headers.count { dropped.append(headers.lines[index].isDropped) }
        #expect(dropped == [false, true, false, true])
        let written = output(size) { out in writeTrailers(bytes.span, headers, to: &out) }
        #expect(written == "X-Sum: 1\r\ngrpc-status: 0\r\n\r\n")
    }

    @Test(arguments: [
        "Host", "Connection", "Trailer", "Authorization", "Set-Cookie", "Cookie", "Cache-Control", "Content-Type",
        "Content-Encoding", "Content-Range", "Date", "Age", "Expires", "Location", "Retry-After", "Vary", "Warning",
        "X-Forwarded-For", "Forwarded", "Via", "X-Request-Id", "If-Match", "If-None-Match", "If-Modified-Since",
        "If-Unmodified-Since", "If-Range", "Range", "Expect", "Max-Forwards", "Pragma", "TE", "WWW-Authenticate",
        "Proxy-Authenticate", "Upgrade", "Keep-Alive", "Strict-Transport-Security", "X_Forwarded_For",
    ])
    func aNameThatDirectsAMessageIsDropped(_ name: String) throws {
        let bytes = [UInt8]("\(name): a b\r\n\r\n".utf8)
        var headers = HeaderTable()
        let size = try parseTrailers(bytes.span, from: 0, &headers)
        let isDropped = headers.lines[0].isDropped
        #expect(size == bytes.count && isDropped)
    }

    @Test func anEmptySectionIsTwoBytes() throws {
        let bytes = [UInt8]("\r\n".utf8)
        var headers = HeaderTable()
        let whole = try parseTrailers(bytes.span, from: 0, &headers)
        let count = headers.count
        #expect(whole == 2 && count == 0)
        let written = output(2) { out in writeTrailers(bytes.span, headers, to: &out) }
        #expect(written == "\r\n")
        let half = try parseTrailers(bytes.span.extracting(0..<1), from: 0, &headers)
        let nothing = try parseTrailers(bytes.span, from: 2, &headers)
        #expect(half == nil && nothing == nil)
    }

    @Test func whatIsNoSectionIsRefused() {
        func parse(_ text: String) throws(HeadError) -> Int? {
            let bytes = [UInt8](text.utf8)
            var headers = HeaderTable()
            return try parseTrailers(bytes.span, from: 0, &headers, limits: HeadLimits(maxHeadBytes: 50, maxHeaders: 2))
        }
        #expect(throws: HeadError.bareLineFeed) { try parse("\n") }
        #expect(throws: HeadError.bareCarriageReturn) { try parse("\rx") }
        #expect(throws: HeadError.obsoleteLineFolding) { try parse(" a: b\r\n") }
        #expect(throws: HeadError.tooManyHeaders) { try parse("a: b\r\nc: d\r\ne: f\r\n") }
        #expect(throws: HeadError.headTooLarge) { try parse("a: " + String(repeating: "x", count: 50)) }
        #expect(throws: HeadError.headTooLarge) { try parse("a: " + String(repeating: "x", count: 50) + "\r\n\r\n") }
    }
}
