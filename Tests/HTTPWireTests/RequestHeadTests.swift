import HTTPWire
import Testing

@Suite("Request heads")
struct RequestHeadTests {
    @Test func aPlainRequestIsTaken() throws {
        let text = "GET /a/b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nX-Forwarded-For: 1.2.3.4\r\nDNT: 1\r\n\r\n"
        let parsed = try #require(try parseRequest(text))
        #expect(parsed.head.size == text.utf8.count)
        #expect(parsed.head.methodKind == .get)
        #expect(parsed.text(parsed.head.target) == "/a/b?c=d")
        #expect(parsed.text(parsed.head.path) == "/a/b")
        #expect(parsed.text(parsed.head.host) == "example.com")
        #expect(parsed.lines.map(\.kind) == [.host, .xForwardedFor, .other])
        #expect(parsed.lines.map { parsed.text($0.value) } == ["example.com:8080", "1.2.3.4", "1"])
    }
}
