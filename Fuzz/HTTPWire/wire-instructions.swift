// What each step of the hot path costs in instructions; run by `instructions` under callgrind.
import HTTPWire

private let plainRequest = "GET /small HTTP/1.1\r\nHost: bench.example.com\r\n\r\n"

private let browserRequest = """
    GET /api/items/42?expand=owner HTTP/1.1\r
    Host: bench.example.com\r
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r
    Accept-Language: en-US,en;q=0.9,de;q=0.8\r
    Accept-Encoding: gzip, deflate, br, zstd\r
    Referer: https://bench.example.com/overview?page=3\r
    Cookie: session=3f2a9c7d1be84c05a6d9e0f1b2c3d4e5; theme=dark; consent=yes\r
    Cache-Control: no-cache\r
    Connection: keep-alive\r
    Upgrade-Insecure-Requests: 1\r
    \r

    """

private let nginxResponse = """
    HTTP/1.1 200 OK\r
    Server: nginx/1.22.1\r
    Date: Fri, 20 Dec 2024 11:35:00 GMT\r
    Content-Type: application/octet-stream\r
    Content-Length: 1024\r
    Last-Modified: Thu, 19 Dec 2024 08:00:00 GMT\r
    Connection: keep-alive\r
    ETag: "6763d1a0-400"\r
    Cache-Control: max-age=3600\r
    Accept-Ranges: bytes\r
    \r

    """

/// What one run measures, all in one buffer that is used again and again, as a worker does.
private struct Bench: ~Copyable {
    var request = RequestHead()
    var response = ResponseHead()
    var headers = HeaderTable()
    let limits = HeadLimits()
    let peer = [UInt8]("192.0.2.117".utf8)
    let requestID = [UInt8]("0123456789abcdef0123456789abcdef".utf8)
    let nothing: [UInt8] = []
    let removing = HeaderNameSet()

    mutating func parse(request bytes: [UInt8], times: Int) throws(HeadError) {
        for _ in 0..<times where try !parseRequestHead(bytes.span, &request, &headers, limits: limits) {
            preconditionFailure("the head is complete")
        }
    }

    mutating func parse(response bytes: [UInt8], times: Int) throws(HeadError) {
        for _ in 0..<times where try !parseResponseHead(bytes.span, &response, &headers, limits: limits) {
            preconditionFailure("the head is complete")
        }
    }

    borrowing func writeRequest(_ bytes: [UInt8], to output: inout [UInt8], trusted: Bool, times: Int) -> Int {
        let rewrite = RequestRewrite(listenPort: 8080, peerIsTrusted: trusted)
        var size = 0
        for _ in 0..<times {
            // Safe because the output span does not leave the closure and is finalized for the buffer it is made of.
            size = unsafe output.withUnsafeMutableBytes { buffer in
                var out = unsafe OutputRawSpan(buffer: buffer, initializedCount: 0)
                writeRequestHead(
                    bytes.span, request, headers, peer: peer.span, requestID: requestID.span,
                    pathPrefix: nothing.span, host: nothing.span, rewrite: rewrite, to: &out)
                return unsafe out.finalize(for: buffer)
            }
        }
        return size
    }

    borrowing func writeResponse(_ bytes: [UInt8], to output: inout [UInt8], times: Int) -> Int {
        var size = 0
        for _ in 0..<times {
            // Safe because the output span does not leave the closure and is finalized for the buffer it is made of.
            size = unsafe output.withUnsafeMutableBytes { buffer in
                var out = unsafe OutputRawSpan(buffer: buffer, initializedCount: 0)
                writeResponseHead(
                    bytes.span, response, headers, rewrite: ResponseRewrite(), removing: removing,
                    extra: nothing.span, to: &out)
                return unsafe out.finalize(for: buffer)
            }
        }
        return size
    }

    mutating func run(_ name: String, times: Int) throws(HeadError) -> Int {
        let plain = [UInt8](plainRequest.utf8)
        let browser = [UInt8](browserRequest.utf8)
        let nginx = [UInt8](nginxResponse.utf8)
        var output = [UInt8](repeating: 0, count: 4096)
        switch name {
        case "parse-plain-request": try parse(request: plain, times: times)
        case "parse-browser-request": try parse(request: browser, times: times)
        case "parse-nginx-response": try parse(response: nginx, times: times)
        case "write-plain-request":
            try parse(request: plain, times: 1)
            return writeRequest(plain, to: &output, trusted: false, times: times)
        case "write-browser-request":
            try parse(request: browser, times: 1)
            return writeRequest(browser, to: &output, trusted: false, times: times)
        case "write-browser-request-trusted":
            try parse(request: browser, times: 1)
            return writeRequest(browser, to: &output, trusted: true, times: times)
        case "write-nginx-response":
            try parse(response: nginx, times: 1)
            return writeResponse(nginx, to: &output, times: times)
        case "scan-chunk":
            // A chunk of 1 KiB at a time.
            let chunk = [UInt8]("400\r\n".utf8) + [UInt8](repeating: 97, count: 1024) + [13, 10]
            var framing = BodyFraming.chunked
            for _ in 0..<times { _ = try framing.scan(chunk.span, from: 0) }
        case "normalize-path":
            let path = [UInt8]("/a%20b/./c/../index%2Ehtml".utf8)
            for _ in 0..<times { try normalizePath(path.span, ByteRange(from: 0, to: path.count), into: &output) }
        default: preconditionFailure("no such measurement: \(name)")
        }
        return 0
    }
}

@main
enum WireInstructions {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let times = Int(arguments[2]) else {
            print("usage: wire-instructions NAME TIMES")
            return
        }
        var bench = Bench()
        let size = try bench.run(arguments[1], times: times)
        print("\(arguments[1]): \(size) bytes")
    }
}
