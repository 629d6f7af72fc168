import Foundation
import HTTPWire
import Testing

@Suite("Request heads as they go on")
struct RequestHeadWriterTests {
    /// What is written for a head, in lines.
    private func written(
        _ text: String, peer: String = "192.0.2.1", pathPrefix: String = "", host: String = "backend:9",
        rewrite: RequestRewrite = RequestRewrite(listenPort: 80)
    ) throws -> [String] {
        let bytes = [UInt8](text.utf8)
        var head = RequestHead()
        var headers = HeaderTable()
        let isWhole = try parseRequestHead(bytes.span, &head, &headers, limits: HeadLimits())
        #expect(isWhole)
        let (peer, id, prefix, host) = (
            [UInt8](peer.utf8), [UInt8]("id-1".utf8), [UInt8](pathPrefix.utf8), [UInt8](host.utf8)
        )
        let limit = requestHeadLimit(
            head, peer: peer.count, requestID: id.count, pathPrefix: prefix.count, host: host.count)
        let text = output(limit) { out in
            writeRequestHead(
                bytes.span, head, headers, peer: peer.span, requestID: id.span, pathPrefix: prefix.span,
                host: host.span, rewrite: rewrite, to: &out)
        }
        #expect(text.hasSuffix("\r\n\r\n"))
        return text.dropLast(2).components(separatedBy: "\r\n")
    }

    private let forwarding = [
        "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http", "X-Forwarded-Port: 80", "X-Forwarded-Host: a.b",
        "Forwarded: for=192.0.2.1;host=a.b;proto=http", "Via: 1.1 apus", "X-Request-Id: id-1",
    ]

    @Test func aPlainHeadGoesOnWithForwardingHeaders() throws {
        let lines = try written("\r\nGET /x?y HTTP/1.1\r\nhost: a.b\r\nAccept:  */* \r\n\r\n")
        #expect(lines == ["GET /x?y HTTP/1.1", "host: a.b", "Accept:  */* "] + forwarding)
    }

    @Test func whatAnUntrustedPeerSaysOfTheWayIsReplaced() throws {
        let lines = try written(
            """
            GET / HTTP/1.1\r
            X-Forwarded-For: 6.6.6.6\r
            Host: a.b\r
            X-Forwarded-Proto: https\r
            X-FORWARDED-HOST: evil\r
            X-Forwarded-Port: 443\r
            A: 1\r
            Forwarded: for=6.6.6.6\r
            X_Forwarded_For: 6.6.6.6\r
            X-Request-Id: evil\r
            Via: 1.0 fred\r
            B: 2\r
            \r

            """)
        // RFC 9110 §7.6.3: Via is a list of all that forwarded the message, whoever says so.
        #expect(lines == ["GET / HTTP/1.1", "Host: a.b", "A: 1", "Via: 1.0 fred", "B: 2"] + forwarding)
    }

    @Test func whatATrustedPeerSaysIsExtendedOrKept() throws {
        let rewrite = RequestRewrite(listenPort: 8443, peerIsTrusted: true, isTLS: true)
        let lines = try written(
            """
            GET / HTTP/1.1\r
            X-Forwarded-For: 1.1.1.1, 2.2.2.2\r
            Host: a.b\r
            X-Forwarded-For:\r
            X-Forwarded-For: 3.3.3.3\r
            X-Forwarded-Proto: http\r
            X-Forwarded-Host: public\r
            Forwarded: for=1.1.1.1\r
            X-Request-Id: theirs\r
            \r

            """, rewrite: rewrite)
        #expect(
            lines == [
                "GET / HTTP/1.1", "Host: a.b", "X-Forwarded-Proto: http", "X-Forwarded-Host: public",
                "X-Request-Id: theirs", "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 192.0.2.1",
                "X-Forwarded-Port: 8443", "Forwarded: for=1.1.1.1, for=192.0.2.1;host=a.b;proto=https",
                "Via: 1.1 apus",
            ])
        let plain = try written("GET / HTTP/1.1\r\nHost: a.b\r\n\r\n", rewrite: rewrite)
        #expect(
            plain == [
                "GET / HTTP/1.1", "Host: a.b", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https",
                "X-Forwarded-Port: 8443", "X-Forwarded-Host: a.b", "Forwarded: for=192.0.2.1;host=a.b;proto=https",
                "Via: 1.1 apus", "X-Request-Id: id-1",
            ])
    }

    @Test(arguments: [
        ("192.0.2.1", "a.b:80", "for=192.0.2.1;host=\"a.b:80\";proto=http"),
        ("2001:db8::7", "[::1]", "for=\"[2001:db8::7]\";host=\"[::1]\";proto=http"),
        ("::1", "a", "for=\"[::1]\";host=a;proto=http"),
    ])
    func whatHasAColonIsQuotedInForwarded(_ peer: String, _ host: String, _ expected: String) throws {
        let lines = try written("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n", peer: peer)
        #expect(lines.contains("Forwarded: " + expected))
        #expect(lines.contains("X-Forwarded-For: " + peer))
        #expect(lines.contains("X-Forwarded-Host: " + host))
    }

    @Test(arguments: [(0, "0"), (7, "7"), (80, "80"), (443, "443"), (8080, "8080"), (65_535, "65535")])
    func thePortIsInDecimal(_ port: UInt16, _ text: String) throws {
        let lines = try written("GET / HTTP/1.1\r\nHost: a\r\n\r\n", rewrite: RequestRewrite(listenPort: port))
        #expect(lines.contains("X-Forwarded-Port: " + text))
    }

    @Test func linesForThisHopStayHere() throws {
        let lines = try written(
            """
            POST / HTTP/1.1\r
            Host: a.b\r
            Connection: upgrade, x-one, X-Forwarded-For\r
            X-One: 1\r
            Upgrade: websocket\r
            Keep-Alive: 5\r
            Transfer-Encoding: chunked\r
            Trailer: X-Sum\r
            Expect: 100-continue\r
            \r

            """)
        #expect(
            lines == ["POST / HTTP/1.1", "Host: a.b", "Transfer-Encoding: chunked", "Expect: 100-continue"] + forwarding
        )
    }

    @Test func trailersAreAskedForWhereTheClientTakesThem() throws {
        var rewrite = RequestRewrite(listenPort: 80)
        rewrite.keepsTrailers = true
        let lines = try written(
            "POST / HTTP/1.1\r\nTE: trailers, gzip\r\nHost: a.b\r\nTrailer: X\r\n\r\n", rewrite: rewrite)
        #expect(
            lines == ["POST / HTTP/1.1", "Host: a.b", "Trailer: X", "TE: trailers", "Connection: TE"] + forwarding)
    }

    @Test(arguments: [
        // target, prefix, bytes stripped, sent on
        ("/x?y", "", 0, "/x?y"), ("/x?y", "/p", 0, "/p/x?y"), ("/a/x", "", 2, "/x"), ("/a", "", 2, "/"),
        ("/a?q", "", 2, "/?q"), ("/a/", "/p", 2, "/p/"), ("/a", "/p", 2, "/p"), ("/a?q", "/p", 2, "/p?q"),
        ("/ab", "", 2, "/b"), ("http://h/x", "", 0, "/x"), ("http://h", "", 0, "/"), ("http://h?q", "", 0, "/?q"),
        ("http://h", "/p", 0, "/p"), ("http://h/a/b", "/p", 2, "/p/b"), ("/", "/p", 0, "/p/"), ("/a", "", 9, "/"),
    ])
    func theTargetIsWrittenAnew(_ target: String, _ prefix: String, _ strip: Int, _ expected: String) throws {
        var rewrite = RequestRewrite(listenPort: 80)
        rewrite.stripPrefixBytes = strip
        let lines = try written("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n", pathPrefix: prefix, rewrite: rewrite)
        #expect(lines[0] == "GET \(expected) HTTP/1.1")
    }

    @Test(arguments: ["*", "http://h"])
    func theServerAsAWholeHasNoPath(_ target: String) throws {
        let lines = try written("OPTIONS \(target) HTTP/1.1\r\nHost: h\r\n\r\n", pathPrefix: "/p")
        #expect(lines[0] == "OPTIONS * HTTP/1.1")
    }

    @Test func thereIsOneHost() throws {
        var replacing = RequestRewrite(listenPort: 80)
        replacing.replaceHost = true
        let replaced = try written("GET / HTTP/1.1\r\nA: 1\r\nHost: a.b\r\n\r\n", rewrite: replacing)
        #expect(replaced == ["GET / HTTP/1.1", "Host: backend:9", "A: 1"] + forwarding)
        let absolute = try written("GET http://a.b/ HTTP/1.1\r\nHost: other\r\nA: 1\r\n\r\n")
        #expect(absolute == ["GET / HTTP/1.1", "Host: a.b", "A: 1"] + forwarding)
        let old = try written("GET / HTTP/1.0\r\nA: 1\r\n\r\n")
        #expect(
            old == [
                "GET / HTTP/1.1", "Host: backend:9", "A: 1", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http",
                "X-Forwarded-Port: 80", "Forwarded: for=192.0.2.1;proto=http", "Via: 1.1 apus", "X-Request-Id: id-1",
            ])
        let oldAbsolute = try written("GET http://a.b/ HTTP/1.0\r\n\r\n")
        #expect(oldAbsolute == ["GET / HTTP/1.1", "Host: a.b"] + forwarding)
    }

    @Test func theLimitIsEnoughForTheLongest() throws {
        let authority = "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535"
        let peer = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"
        var rewrite = RequestRewrite(listenPort: 65_535, peerIsTrusted: true, isTLS: true)
        for replaceHost in [false, true] {
            rewrite.replaceHost = replaceHost
            for lists in [
                "", "X-Forwarded-For:a\r\n", String(repeating: "X-Forwarded-For:a\r\nForwarded:b\r\n", count: 60),
            ] {
                let text = "GET http://\(authority) HTTP/1.0\r\nTE:trailers\r\n\(lists)\r\n"
                let lines = try written(
                    text, peer: peer, pathPrefix: "/" + String(repeating: "p", count: 99),
                    host: String(repeating: "h", count: 255), rewrite: rewrite)
                #expect(lines.count > 8)
            }
        }
    }
}
