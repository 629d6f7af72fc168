import HTTPWire
import Testing

@Suite("Request heads")
struct RequestHeadTests {
    @Test func aPlainRequestIsTaken() throws {
        let text = "GET /a/b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nX-Forwarded-For: 1.2.3.4\r\nDNT: 1\r\n\r\n"
        let parsed = try #require(try parseRequest(text + "rest"))
        #expect(parsed.head.size == text.utf8.count)
        #expect(parsed.head.methodKind == .get)
        #expect(parsed.text(parsed.head.method) == "GET")
        #expect(parsed.text(parsed.head.target) == "/a/b?c=d")
        #expect(parsed.text(parsed.head.path) == "/a/b")
        #expect(parsed.text(parsed.head.authority) == "example.com:8080")
        #expect(parsed.text(parsed.head.host) == "example.com")
        #expect(parsed.head.minorVersion == 1 && parsed.head.isVerbatim && parsed.head.isPersistent)
        #expect(parsed.lines.map(\.kind) == [.host, .xForwardedFor, .other])
        #expect(parsed.lines.map { parsed.text($0.value) } == ["example.com:8080", "1.2.3.4", "1"])
        #expect(parsed.lines.last.map { Int($0.end) } == text.utf8.count - 2)
        #expect(parsed.head.kinds == [HeaderKindSet(.host), HeaderKindSet(.xForwardedFor), HeaderKindSet(.other)])
    }

    @Test(arguments: [
        ("GET", Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete), ("PATCH", .patch),
        ("OPTIONS", .options), ("TRACE", .trace), ("get", .other), ("G", .other), ("GE", .other), ("GETS", .other),
        ("PROPFIND", .other), ("M-SEARCH", .other), ("VERSION-CONTROL", .other), ("A!#$%&'*+.^_`|~", .other),
        (String(repeating: "X", count: 32), .other),
    ])
    func aMethodIsAnyToken(_ text: String, _ method: Method) throws {
        let parsed = try #require(try parseRequest("\(text) / HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(parsed.head.methodKind == method)
        #expect(parsed.text(parsed.head.method) == text)
    }

    @Test(arguments: [
        // target, target sent on, path, authority, normalising
        ("/", "/", "/", "h", false), ("/?", "/?", "/", "h", false), ("/a.b/c..d", "/a.b/c..d", "/a.b/c..d", "h", false),
        ("/a/./b", "/a/./b", "/a/./b", "h", true), ("/.hidden", "/.hidden", "/.hidden", "h", true),
        ("/a%20b", "/a%20b", "/a%20b", "h", true), ("/a?b=%20/../.", "/a?b=%20/../.", "/a", "h", false),
        ("/a?b?c", "/a?b?c", "/a", "h", false), ("/a?x\\y", "/a?x\\y", "/a", "h", false),
        ("//a", "//a", "//a", "h", false),
        ("/a:b@c;d=e,f!$&'()*+", "/a:b@c;d=e,f!$&'()*+", "/a:b@c;d=e,f!$&'()*+", "h", false),
        ("/[x]|{y}^`\"<>", "/[x]|{y}^`\"<>", "/[x]|{y}^`\"<>", "h", false),
        ("http://other/x?y", "/x?y", "/x", "other", false), ("HTTP://other:81", "", "", "other:81", false),
        ("http://other?y", "?y", "", "other", false), ("https://[::1]:8443/..", "/..", "/..", "[::1]:8443", true),
    ])
    func aTargetIsTakenApart(
        _ sent: String, _ target: String, _ path: String, _ authority: String, _ needsNormalising: Bool
    ) throws {
        let parsed = try #require(try parseRequest("GET \(sent) HTTP/1.1\r\nHost: h\r\n\r\n"))
        #expect(parsed.text(parsed.head.target) == target)
        #expect(parsed.text(parsed.head.path) == path)
        #expect(parsed.text(parsed.head.authority) == authority)
        #expect(parsed.head.pathNeedsNormalising == needsNormalising)
        #expect(parsed.head.isVerbatim == !parsed.head.isAbsoluteForm)
        #expect(!parsed.head.isAsterisk)
    }

    @Test(arguments: ["*", "http://h", "http://h:80"])
    func optionsMayAskTheServerAsAWhole(_ target: String) throws {
        let parsed = try #require(try parseRequest("OPTIONS \(target) HTTP/1.1\r\nHost: h\r\n\r\n"))
        #expect(parsed.head.isAsterisk)
        #expect(parsed.head.path.isEmpty)
    }

    @Test(arguments: [
        ("example.com", "example.com"), ("example.com:80", "example.com"), ("Example.COM.", "Example.COM"),
        ("example.com.:443", "example.com"), ("a", "a"), ("my_service-1", "my_service-1"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("[::1]", "[::1]"), ("[2001:db8::1]:8080", "[2001:db8::1]"), ("[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"),
        ("h:", "h"), ("h:65535", "h"), (String(repeating: "a", count: 255), String(repeating: "a", count: 255)),
    ])
    func aHostIsFoundInItsAuthority(_ authority: String, _ host: String) throws {
        for text in [
            "GET / HTTP/1.1\r\nHost: \(authority)\r\n\r\n", "GET / HTTP/1.0\r\nhOsT:\t\(authority) \t\r\nA: b\r\n\r\n",
        ] {
            let parsed = try #require(try parseRequest(text))
            #expect(parsed.text(parsed.head.authority) == authority)
            #expect(parsed.text(parsed.head.host) == host)
        }
        let absolute = try #require(try parseRequest("GET http://\(authority)/ HTTP/1.1\r\nHost: x\r\n\r\n"))
        #expect(absolute.text(absolute.head.host) == host)
    }

    @Test(arguments: [
        "", " ", ".", "..", "a..", "a b", "a/b", "a?b", "a#b", "a@b", "user:pw@b", "a,b", "a:b", "a:80:80", "a:65536",
        "a:123456", ":80", "[::1", "::1", "[]", "[:]", "[1]", "[::g]", "[::1]x", "[::1]:x", "[fe80::1%25eth0]", "a\\b",
        "a%41", "ä", "a\"b", "<a>", "[1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0:1:2:3:4:5:6:7:8]",
    ])
    func aHostThatIsNoneIsRefused(_ authority: String) {
        #expect(throws: HeadError.badHost) { try parseRequest("GET / HTTP/1.1\r\nHost: \(authority)\r\n\r\n") }
        #expect(throws: HeadError.badHost) { try parseRequest("GET / HTTP/1.0\r\nHost:\(authority)\r\n\r\n") }
    }

    @Test func inHTTP10ThereNeedBeNoHost() throws {
        let parsed = try #require(try parseRequest("GET / HTTP/1.0\r\n\r\n"))
        #expect(parsed.head.host.isEmpty && parsed.head.authority.isEmpty)
        #expect(!parsed.head.isPersistent && !parsed.head.isVerbatim)
        #expect(try #require(try parseRequest("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")).head.isPersistent)
    }

    @Test func aFewEmptyLinesBeforeAreTaken() throws {
        let parsed = try #require(try parseRequest("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(parsed.head.method.start == 8)
        #expect(parsed.head.size == parsed.bytes.count)
        #expect(try parseRequest("\r\n") == nil)
        #expect(try parseRequest("\r") == nil)
        #expect(throws: HeadError.tooManyEmptyLines) {
            try parseRequest("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        }
    }

    @Test func whatConnectionNamesIsDropped() throws {
        let parsed = try #require(
            try parseRequest(
                """
                GET / HTTP/1.1\r
                X-Secret: 1\r
                Host: a\r
                Connection: close, x-secret ,, Host,X-Forwarded-For, te\r
                Connection: upgrade, Cookie, Content-Length, x-request-id, Expect\r
                Cookie: a=b\r
                X-Forwarded-For: 1\r
                X-Request-Id: 7\r
                Content-Length: 3\r
                Expect: 100-continue\r
                TE: gzip;q=0.5, Trailers\r
                Upgrade: websocket\r
                Keep-Alive: timeout=5\r
                Proxy-Connection: close\r
                Proxy-Authorization: Basic x\r
                HTTP2-Settings: x\r
                Proxy: http://evil\r
                Kept: yes\r
                \r

                """))
        let dropped = parsed.lines.filter(\.isDropped).map { parsed.text($0.name) }
        #expect(
            dropped == [
                "X-Secret", "Connection", "Connection", "Cookie", "TE", "Upgrade", "Keep-Alive", "Proxy-Connection",
                "Proxy-Authorization", "HTTP2-Settings", "Proxy",
            ])
        #expect(parsed.head.hasDropped && parsed.head.wantsClose && parsed.head.hasUpgrade)
        #expect(parsed.head.acceptsTrailers && parsed.head.expectsContinue && parsed.head.contentLength == 3)
    }

    @Test func underscoresDoNotImitateNamesThatCarryTrust() throws {
        let names = [
            "X_Forwarded_For", "x_forwarded-proto", "Content_Length", "Transfer_Encoding", "X_Request_ID",
            "Proxy_Connection",
        ]
        let kept = ["Content_Type", "my_own", "_", "X_Forwarded_Fo", "X!Forwarded!For"]
        let lines = (names + kept).map { "\($0): 1\r\n" }.joined()
        let parsed = try #require(try parseRequest("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n"))
        #expect(parsed.lines.filter(\.isDropped).map { parsed.text($0.name) } == names)
        #expect(parsed.head.contentLength == -1)
    }

    @Test func obsTextAndTabsAreInValues() throws {
        let parsed = try #require(
            try parseRequest("GET / HTTP/1.1\r\nHost: a\r\nA:\t\tä\t \u{FF}x \t\r\nB:\r\nC:   \r\n\r\n"))
        #expect(parsed.lines.dropFirst().map { parsed.text($0.value) } == ["ä\t \u{FF}x", "", ""])
    }

    @Test(arguments: [
        ("accept", HeaderKind.accept), ("Cookie", .cookie), ("SET-COOKIE", .setCookie), ("Location", .location),
        ("via", .via), ("X-Request-ID", .xRequestID), ("x-forwarded-for", .xForwardedFor),
        ("x-forwarded-proto", .xForwardedProto), ("x-forwarded-host", .xForwardedHost),
        ("x-forwarded-port", .xForwardedPort), ("forwarded", .forwarded), ("trailer", .trailer),
        ("connection", .connection), ("keep-alive", .hopByHop), ("proxy-authenticate", .hopByHop),
        ("upgrade", .upgrade), ("te", .te), ("accepts", .other), ("xccept", .other), ("x-forwarded-prot", .other),
        ("x-forwarded-protoo", .other), ("x-forwarded-foo", .other), ("connectiom", .other), ("t", .other),
        ("transfer-encodinh", .other), ("transfer.encoding", .other), ("upgrade-insecure-requests", .other),
        ("proxy-authorizatiox", .other), ("h", .other), ("\u{7E}ost", .other),
    ])
    func aNameHasAKindInAnyCase(_ name: String, _ kind: HeaderKind) throws {
        for name in [name, name.uppercased(), name.lowercased()] {
            // At the end of the bytes, and with more after it.
            for rest in ["\r\n\r\n", "\r\nUser-Agent: something longer than a block\r\n\r\n"] {
                let text = "GET / HTTP/1.1\r\nHost: a\r\n\(name):\(rest)"
                #expect(try #require(try parseRequest(text)).lines[1].kind == kind)
            }
        }
    }

    @Test func bodiesAreFramed() throws {
        func framing(_ lines: String) throws -> BodyFraming {
            try #require(try parseRequest("POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")).head.bodyFraming
        }
        #expect(try framing("") == .none)
        #expect(try framing("Content-Length: 0\r\n") == .none)
        #expect(try framing("Content-Length: 12\r\n") == .length(12))
        #expect(try framing("Content-Length: 000000000000000012\r\n") == .length(12))
        #expect(try framing("Transfer-Encoding: Chunked\r\n") == .chunked)
    }
}
