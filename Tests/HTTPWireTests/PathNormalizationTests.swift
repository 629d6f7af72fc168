import HTTPWire
import Testing

@Suite("Path normalisation")
struct PathNormalizationTests {
    private func normalize(_ path: String) throws(HeadError) -> String {
        let bytes = [UInt8](path.utf8)
        var out: [UInt8] = [1, 2, 3]
        try normalizePath(bytes.span, ByteRange(from: 0, to: bytes.count), into: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test(arguments: [
        ("", "/"), ("/", "/"), ("/.", "/"), ("/./", "/"), ("/a/..", "/"), ("/a/../", "/"), ("/a/.", "/a/"),
        ("/a/./", "/a/"),
        ("/a/./b", "/a/b"), ("/a/../b", "/b"), ("/a/b/../c", "/a/c"), ("/a/b/../..", "/"), ("/a/b/../../c", "/c"),
        ("/a//b", "/a//b"), ("/a//../b", "/a/b"), ("//", "//"), ("//..", "/"), ("/...", "/..."), ("/..a", "/..a"),
        ("/a..", "/a.."), ("/.a/", "/.a/"), ("/a./", "/a./"), ("/%61%2D%5f%7E", "/a-_~"), ("/%2e%2E/a%2f", nil),
        ("/a/%2e%2E/b", "/b"), ("/a/.%2e/b", "/b"), ("/%2e/b", "/b"), ("/a%2fb", "/a%2Fb"), ("/a%2F..", "/a%2F.."),
        ("/%c3%a4", "/%C3%A4"), ("/%25", "/%25"), ("/%252e", "/%252e"), ("/..", nil), ("/../a", nil), ("/a/../..", nil),
        ("/%", nil), ("/%4", nil), ("/%4g", nil), ("/%g4", nil), ("/%00", nil), ("/%+1", nil), ("/a%20b", "/a%20b"),
    ])
    func aPathHasOneForm(_ path: String, _ expected: String?) {
        #expect((try? normalize(path)) == expected)
    }

    @Test func theErrorSaysWhatIsWrong() {
        #expect(throws: HeadError.pathAboveRoot) { try normalize("/a/../../b") }
        #expect(throws: HeadError.badPercentEncoding) { try normalize("/%zz") }
    }

    @Test func aRangeInsideTheBytesIsTaken() throws {
        let bytes = [UInt8]("GET /a/%2e%2e/b?c%".utf8)
        var out: [UInt8] = []
        try normalizePath(bytes.span, ByteRange(from: 4, to: 15), into: &out)
        #expect(out == [UInt8]("/b".utf8))
    }

    @Test func randomPathsComeOutAsOfAPlainImplementation() {
        var random = SplitMix64(seed: 11)
        let parts = ["/", "/", "/", ".", "..", "a", "b", "%2e", "%2E", "%2f", "%41", "%7e", "%c3", "%", "~", "%0"]
        for _ in 0..<20_000 {
            let path =
                "/"
                + (0..<Int.random(in: 0...9, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined()
            #expect((try? normalize(path)) == naive(path), "\(path)")
        }
    }

    @Test func whatNeedsNoNormalisingIsUnchanged() throws {
        var random = SplitMix64(seed: 12)
        let parts = ["/", "/", ".", "..", "a", "%41", "-", "b.c"]
        for _ in 0..<5_000 {
            let path =
                "/"
                + (0..<Int.random(in: 0...7, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined()
            let parsed = try #require(try parseRequest("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n"))
            if !parsed.head.pathNeedsNormalising { #expect(try normalize(path) == path) }
        }
    }

    /// Decodes first, then resolves segment by segment, with strings.
    private func naive(_ path: String) -> String? {
        var decoded = ""
        var rest = Substring(path)
        while let character = rest.popFirst() {
            guard character == "%" else {
                decoded.append(character)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16), value != 0
            else {
                return nil
            }
            rest.removeFirst(2)
            let scalar = Character(Unicode.Scalar(value))
            let isUnreserved = value < 128 && (scalar.isLetter || scalar.isNumber || "-._~".contains(scalar))
            decoded += isUnreserved ? String(scalar) : "%" + digits.uppercased()
        }
        var segments: [Substring] = []
        let all = decoded.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in all.enumerated() {
            let isLast = index == all.count - 1
            if segment == "." {
                if isLast { segments.append("") }
            } else if segment == ".." {
                if segments.isEmpty { return nil }
                segments.removeLast()
                if isLast { segments.append("") }
            } else {
                segments.append(segment)
            }
        }
        return "/" + segments.joined(separator: "/")
    }
}
