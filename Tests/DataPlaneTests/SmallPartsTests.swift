import Foundation
import Testing

@testable import DataPlane

@Suite struct SlabTests {
    @Test func handsOutEachIndexOnceAndReusesWhatIsFreed() {
        var slab = Slab<Int>(capacity: 3) { 7 }
        #expect(slab.allocate() == 0 && slab.allocate() == 1 && slab.allocate() == 2)
        #expect(slab.allocate() == nil && slab.count == 3)
        slab[1] = 42
        slab.free(1)
        #expect(slab.count == 2 && slab.allocate() == 1)
        #expect(slab[1] == 42, "an element keeps its state: generations survive")
        #expect(slab[0] == 7)
    }
}

@Suite struct RequestIDTests {
    @Test func isTheWordsInHexadecimal() {
        var id = RequestID()
        id.set(0x0123_4567_89ab_cdef, 0xfedc_ba98_0000_00ff)
        #expect(String(decoding: id.bytes, as: UTF8.self) == "0123456789abcdeffedcba98000000ff")
    }
}

@Suite struct EventTagTests {
    @Test func keepsItsParts() {
        let tag = EventTag(.upstream, index: 0x0abc_def1, generation: 0xffff_fffe)
        #expect(tag.index == 0x0abc_def1 && tag.generation == 0xffff_fffe)
        #expect(tag.subject == Subject.upstream.rawValue)
    }
}

@Suite struct LocalAnswerTests {
    @Test func isAPageWithItsLength() throws {
        var answer = LocalAnswer(status: 502, reason: "a <b> & \"c\"")
        answer.requestID = Array("abc".utf8)
        answer.retryAfter = 5
        let text = String(decoding: answer.bytes(), as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        #expect(parts[0].hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
        #expect(parts[0].contains("Content-Length: \(parts[1].utf8.count)"))
        #expect(parts[0].contains("Retry-After: 5") && parts[0].contains("X-Request-Id: abc"))
        #expect(parts[1].contains("a &lt;b&gt; &amp; &quot;c&quot;"))
    }

    @Test func isProblemDetailsForWhoAsksForJSON() throws {
        var answer = LocalAnswer(status: 404, reason: "quote \" and \\")
        answer.prefersProblemJSON = true
        let text = String(decoding: answer.bytes(), as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        #expect(parts[0].contains("Content-Type: application/problem+json"))
        let object = try JSONSerialization.jsonObject(with: Data(parts[1].utf8)) as? [String: Any]
        #expect(object?["status"] as? Int == 404 && object?["detail"] as? String == "quote \" and \\")
    }

    @Test func hasNoBodyForHEAD() {
        var answer = LocalAnswer(status: 404, reason: "x")
        answer.isHead = true
        #expect(String(decoding: answer.bytes(), as: UTF8.self).hasSuffix("\r\n\r\n"))
    }
}
