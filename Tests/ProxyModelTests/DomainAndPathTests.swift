import ProxyModel
import Testing

@Suite struct DomainTests {
    @Test(arguments: [
        ("example.com", DomainPattern.Kind.exact, "example.com"), ("EXAMPLE.Com.", .exact, "example.com"),
        ("*.Example.com", .wildcard, "example.com"), ("*", .any, ""), ("localhost", .exact, "localhost"),
        ("my_service.internal", .exact, "my_service.internal"), ("10.0.0.1", .exact, "10.0.0.1"),
        ("[2001:DB8:0::1]", .exact, "[2001:db8::1]"), ("münchen.de", .exact, "xn--mnchen-3ya.de"),
        ("MÜNCHEN.DE", .exact, "xn--mnchen-3ya.de"), ("straße.de", .exact, "xn--strae-oqa.de"),
        ("*.bücher.example", .wildcard, "xn--bcher-kva.example"), ("例え.テスト", .exact, "xn--r8jz45g.xn--zckzah"),
        ("例え。テスト", .exact, "xn--r8jz45g.xn--zckzah"), ("пример.испытание", .exact, "xn--e1afmkfd.xn--80akhbyknj4f"),
        ("xn--mnchen-3ya.de", .exact, "xn--mnchen-3ya.de"), ("a--b.c", .exact, "a--b.c"),
    ])
    func domainsAreReadCanonically(given: String, kind: DomainPattern.Kind, name: String) throws {
        let domain = try DomainPattern(parsing: given)
        #expect(domain.kind == kind)
        #expect(domain.name == name)
        #expect(try DomainPattern(parsing: domain.description) == domain)
    }

    @Test(arguments: [
        ("", "it is empty"), (".", "it is empty"), ("*.", "it is empty"),
        ("example.com:80", "a port is not part of a domain"),
        ("[::1]:80", "a port is not part of a domain"), ("::1", "a port is not part of a domain"),
        ("[1.2.3.4]", "the brackets hold no IPv6 address"), ("a..b", "a label is empty"), (".a", "a label is empty"),
        ("a.*.b", "'*' is not allowed in a host name"), ("*a.b", "'*' is not allowed in a host name"),
        ("a b", "' ' is not allowed in a host name"), ("a/b", "'/' is not allowed in a host name"),
        ("-a.b", "a label begins with a hyphen"), ("a-.b", "a label ends with a hyphen"),
        ("a.b-", "a label ends with a hyphen"), ("http://a", "a port is not part of a domain"),
        ("u\u{308}.de", "it has combining marks, write it in composed form (NFC) or as punycode"),
        ("a\u{200D}.de", "U+200D is not allowed in a host name"), ("😀.de", "U+1F600 is not allowed in a host name"),
        ("ａ.de", "U+FF41 is not allowed in a host name"), ("ü\u{85}", "U+85 is not allowed in a host name"),
        (String(repeating: "a", count: 64), "a label is longer than 63 characters"),
        (String(repeating: "ü", count: 64), "a label is longer than 63 characters"),
        (String(repeating: "abc.", count: 64) + "de", "it is longer than 253 characters"),
    ])
    func whatIsNoDomainIsNamedWithTheReason(given: String, reason: String) {
        #expect(
            message { try DomainPattern(parsing: given) }
                == "invalid domain \(PlainText.quoted(given)): \(reason); expected a host name, *.example.com or *")
    }

    @Test func labelsMayBeAsLongAsDNSAllows() throws {
        let label = String(repeating: "a", count: 63)
        #expect(try DomainPattern(parsing: "\(label).\(label)").name == "\(label).\(label)")
        _ = try DomainPattern(parsing: [label, label, label, String(label.prefix(61))].joined(separator: "."))
    }

    @Test func listsDropSpacesAndRepetitions() throws {
        let list = try DomainPattern.parseList("a.example, B.example ,A.EXAMPLE,*")
        #expect(list.map(\.description) == ["a.example", "b.example", "*"])
        #expect(message { try DomainPattern.parseList("") } != nil)
        #expect(message { try DomainPattern.parseList("a.example,") } != nil)
        #expect(message { try DomainPattern.parseList("a,,b") } != nil)
    }

    /// The examples of RFC 3492 §7.1 whose letters are all in lower case.
    @Test(arguments: [
        ("ليهمابتكلموشعربي؟", nil), ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
        ("почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"),
        ("なぜみんな日本語を話してくれないのか", "xn--n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"),
        ("3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"),
        ("ひとつ屋根の下2", "xn--2-u9tlzr9756bt3uc0v"), ("そのスピードで", "xn--d9juau41awczczp"),
    ])
    func punycodeIsRight(label: String, encoded: String?) {
        #expect((try? DomainPattern(parsing: label))?.name == encoded)
    }
}

@Suite struct RoutePathTests {
    @Test(arguments: [
        ("/", "/"), ("/api", "/api"), ("/api/", "/api"), ("/api//", "/api"), ("//api", "//api"), ("/a/./b", "/a/b"),
        ("/a/../b", "/b"), ("/a/b/..", "/a"), ("/a/..", "/"), ("/.", "/"), ("/%61pi", "/api"), ("/%2e%2E", nil),
        ("/a%2fb", "/a%2Fb"), ("/größe", "/gr%C3%B6%C3%9Fe"), ("/gr%c3%b6%C3%9fe", "/gr%C3%B6%C3%9Fe"),
        ("/a%20b", "/a%20b"),
        ("/%7Euser", "/~user"), ("/a/%2e/b", "/a/b"), ("/...", "/..."), ("/API", "/API"), ("/a;b=c", "/a;b=c"),
        ("/*", "/*"), ("/..", nil), ("/a/../../b", nil), ("", nil), ("api", nil), ("/a?b", nil), ("/a#b", nil),
        ("/a b", nil),
        ("/a\\b", nil), ("/%", nil), ("/%4", nil), ("/%4g", nil), ("/%00", nil), ("/%0a", nil), ("/%7f", nil),
        ("/\u{7F}", nil),
        ("http://a/", nil), ("*", nil),
    ])
    func pathsAreNormalised(given: String, normalised: String?) throws {
        guard let normalised else {
            #expect(
                message { try RoutePath(parsing: given) }?.hasPrefix(
                    "invalid path \(PlainText.quoted(given)): expected") == true)
            return
        }
        let path = try RoutePath(parsing: given)
        #expect(path.text == normalised)
        #expect(path.original == given)
        #expect(try RoutePath(parsing: normalised) == path)
        #expect(try RoutePath(parsing: normalised).hashValue == path.hashValue)
    }
}

@Suite struct BackendURLTests {
    @Test(arguments: [
        ("http://orbat:3000", "http", "orbat", 3000, ""), ("HTTPS://API", "https", "api", 443, ""),
        ("ws://chat:8080/", "ws", "chat", 8080, ""), ("wss://chat", "wss", "chat", 443, ""),
        ("h2c://a", "h2c", "a", 80, ""),
        ("grpc://a:50051", "grpc", "a", 50051, ""), ("grpcs://a/x/", "grpcs", "a", 443, "/x"),
        ("http://[::1]:81/a/../b", "http", "::1", 81, "/b"), ("http://[2001:DB8::1]", "http", "2001:db8::1", 80, ""),
        ("http://10.0.0.1:65535", "http", "10.0.0.1", 65535, ""),
        ("http://tasks.api_v2", "http", "tasks.api_v2", 80, ""),
        ("http://bücher.example/ä", "http", "xn--bcher-kva.example", 80, "/%C3%A4"),
    ])
    func urlsAreRead(given: String, scheme: String, host: String, port: Int, prefix: String) throws {
        let url = try BackendURL(parsing: given)
        #expect(url.scheme.rawValue == scheme)
        #expect(url.host == host)
        #expect(url.port == UInt16(port))
        #expect(url.pathPrefix == prefix)
        #expect(url.description == given)
        #expect(url.isTLS == ["https", "wss", "grpcs"].contains(scheme))
    }

    @Test(arguments: [
        ("", "it has no scheme"), ("orbat:3000", "it has no scheme"), ("http:/a", "it has no scheme"),
        ("ftp://a", "the scheme is not known"), ("://a", "the scheme is not known"), ("http://", "it has no host"),
        ("http://:80", "it has no host"), ("http:///x", "it has no host"), ("http://u@a", "user info is not allowed"),
        ("http://u:p@a:1", "user info is not allowed"), ("http://a?x", "a query is not allowed"),
        ("http://a/?x", "a query is not allowed"), ("http://a#x", "a fragment is not allowed"),
        ("http://a/x#y", "a fragment is not allowed"), ("http://a:", "the port is not a number from 1 to 65535"),
        ("http://a:0", "the port is not a number from 1 to 65535"),
        ("http://a:65536", "the port is not a number from 1 to 65535"),
        ("http://a:+80", "the port is not a number from 1 to 65535"),
        ("http://a:8o", "the port is not a number from 1 to 65535"),
        ("http://a:80:80", "the port is not a number from 1 to 65535"),
        ("http://[::1", "the brackets hold no IPv6 address"),
        ("http://[::1]x", "the port is not a number from 1 to 65535"),
        ("http://[a]", "the brackets hold no IPv6 address"),
        ("http://a b", "the host is not valid, ' ' is not allowed in a host name"),
        ("http://*.a", "the host is not valid, '*' is not allowed in a host name"),
    ])
    func whatIsNoBackendIsNamedWithTheReason(given: String, reason: String) {
        #expect(
            message { try BackendURL(parsing: given) }
                == "invalid backend URL \"\(given)\": \(reason); expected SCHEME://HOST[:PORT][/PATH] with the scheme "
                + "http, https, ws, wss, h2c, grpc or grpcs")
    }

    @Test func pathsThatNobodyCanMeanAreRefused() {
        #expect(message { try BackendURL(parsing: "http://a/..") } != nil)
        #expect(message { try BackendURL(parsing: "http://a/%zz") } != nil)
        #expect(message { try BackendURL(parsing: "http://a/x y") } != nil)
    }

    @Test func equalityIsOfThePlaceNotOfTheText() throws {
        let url = try BackendURL(parsing: "http://api")
        #expect(try BackendURL(parsing: "HTTP://API:80/") == url)
        #expect(try BackendURL(parsing: "HTTP://API:80/").hashValue == url.hashValue)
        #expect(try BackendURL(parsing: "ws://api") != url)
        #expect(try BackendURL(parsing: "http://api/x") != url)
    }

    @Test func authorityIsWhatAHostFieldCarries() throws {
        #expect(try BackendURL(parsing: "http://api:80").authority == "api")
        #expect(try BackendURL(parsing: "https://api:80").authority == "api:80")
        #expect(try BackendURL(parsing: "http://[::1]:81").authority == "[::1]:81")
        #expect(try BackendURL(parsing: "http://[::1]").address == IPAddress("::1"))
        #expect(try BackendURL(parsing: "http://api").address == nil)
    }
}
