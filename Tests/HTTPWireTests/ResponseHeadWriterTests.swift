import Foundation
import HTTPWire
import Testing

@Suite("Response heads as they go on")
struct ResponseHeadWriterTests {
    /// What is written for a head, in lines.
    private func written(
        _ text: String, _ rewrite: ResponseRewrite = ResponseRewrite(), removing names: [String] = [],
        extra: String = ""
    ) throws -> [String] {
        let bytes = [UInt8](text.utf8)
        let extra = [UInt8](extra.utf8)
        var head = ResponseHead()
        var headers = HeaderTable()
        let isWhole = try parseResponseHead(bytes.span, &head, &headers, limits: HeadLimits())
        #expect(isWhole)
        let removing = HeaderNameSet(names)
        let text = output(responseHeadLimit(head, extra: extra.count)) { out in
            writeResponseHead(
                bytes.span, head, headers, rewrite: rewrite, removing: removing, extra: extra.span, to: &out)
        }
        #expect(text.hasSuffix("\r\n\r\n"))
        return text.dropLast(2).components(separatedBy: "\r\n")
    }

    @Test func aHeadGoesOnAsItIs() throws {
        let lines = try written("HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 1\r\n\r\n")
        #expect(lines == ["HTTP/1.1 200 Fine", "Server: x", "Content-Length: 1"])
    }

    @Test(arguments: [
        ("HTTP/1.0 200 OK", "HTTP/1.1 200 OK"), ("HTTP/1.1 200", "HTTP/1.1 200 "), ("HTTP/1.0 404", "HTTP/1.1 404 "),
        ("HTTP/1.1 299 ", "HTTP/1.1 299 "),
    ])
    func theStatusLineIsOfHTTP11(_ line: String, _ expected: String) throws {
        #expect(try written("\(line)\r\nA: b\r\n\r\n") == [expected, "A: b"])
        #expect(try written("\(line)\r\n\r\n") == [expected])
    }

    @Test(arguments: [(503, "HTTP/1.1 503 Service Unavailable"), (418, "HTTP/1.1 418 ")])
    func theStatusMayBeAnother(_ status: Int, _ expected: String) throws {
        var rewrite = ResponseRewrite()
        rewrite.status = status
        for line in ["HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 200"] {
            #expect(try written("\(line)\r\nA: b\r\n\r\n", rewrite) == [expected, "A: b"])
        }
    }

    @Test func linesForThisHopStayHere() throws {
        let text = """
            HTTP/1.1 200 OK\r
            Connection: keep-alive, x-hop\r
            A: 1\r
            X-Hop: 1\r
            Keep-Alive: 5\r
            Upgrade: h2c\r
            Trailer: X\r
            B: 2\r
            \r

            """
        #expect(try written(text) == ["HTTP/1.1 200 OK", "A: 1", "B: 2"])
        var keeping = ResponseRewrite()
        keeping.keepsTrailers = true
        #expect(try written(text, keeping) == ["HTTP/1.1 200 OK", "A: 1", "Trailer: X", "B: 2"])
    }

    @Test func theConnectionIsTheClients() throws {
        let text = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        #expect(try written(text) == ["HTTP/1.1 200 OK"])
        #expect(try written(text, ResponseRewrite(close: true)) == ["HTTP/1.1 200 OK", "Connection: close"])
        #expect(
            try written(text, ResponseRewrite(clientMinorVersion: 0)) == ["HTTP/1.1 200 OK", "Connection: keep-alive"])
        #expect(
            try written(text, ResponseRewrite(clientMinorVersion: 0, close: true))
                == ["HTTP/1.1 200 OK", "Connection: close"])
    }

    @Test func framingIsChanged() throws {
        var dechunking = ResponseRewrite(clientMinorVersion: 0, close: true)
        dechunking.dechunk = true
        #expect(
            try written("HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\nB: 2\r\n\r\n", dechunking)
                == ["HTTP/1.1 200 OK", "A: 1", "B: 2", "Connection: close"])
        var chunking = ResponseRewrite()
        chunking.addChunked = true
        #expect(
            try written("HTTP/1.0 200 OK\r\nA: 1\r\n\r\n", chunking)
                == ["HTTP/1.1 200 OK", "A: 1", "Transfer-Encoding: chunked"])
    }

    @Test func namedLinesAreReplaced() throws {
        let text =
            "HTTP/1.1 200 OK\r\nServer: x\r\nX-A: 1\r\nContent-Length: 0\r\nserver: y\r\nX-AB: 2\r\nX-B: 3\r\n\r\n"
        let lines = try written(
            text, removing: ["SERVER", "x-a", "Content-Length", "X-Very-Long-" + String(repeating: "n", count: 80)],
            extra: "Server: apus\r\nX-A: own\r\n")
        #expect(lines == ["HTTP/1.1 200 OK", "Content-Length: 0", "X-AB: 2", "X-B: 3", "Server: apus", "X-A: own"])
    }

    @Test func longNamesAreReplacedToo() throws {
        let name = "X-" + String(repeating: "n", count: 100)
        let text = "HTTP/1.1 200 OK\r\n\(name.uppercased()): 1\r\n\(name)n: 2\r\n\r\n"
        #expect(try written(text, removing: [name]) == ["HTTP/1.1 200 OK", "\(name)n: 2"])
    }
}
