import Foundation
import ProxyModel
import Testing

@testable import RegistryProtocol

@Suite struct ReplyTests {
    @Test func repliesCarryTheTransactionIDSecond() {
        #expect(Reply.ok(nil) == "OK")
        #expect(Reply.ok("t1") == "OK|t1")
        #expect(Reply.line("ROUTE_OK", nil, "r1") == "ROUTE_OK|r1")
        #expect(Reply.line("ROUTE_OK", "t1", "r1") == "ROUTE_OK|t1|r1")
        #expect(Reply.line("PONG", "t1") == "PONG|t1")
        #expect(Reply.error(nil, "route not found") == "ERROR|route not found")
        #expect(Reply.error("t1", "route not found") == "ERROR|t1|route not found")
        #expect(Reply.json("DIFF_OK", "t1", JSONObject()) == "DIFF_OK|t1|{}")
    }

    @Test func eventsAreTheGuides() {
        var payload = JSONObject()
        payload.set("route_id", "r1")
        payload.set("healthy", false)
        payload.set("reason", "connection_timeout")
        #expect(
            Reply.event(.backendHealthChanged, payload)
                == #"EVENT|backend_health_changed|{"route_id":"r1","healthy":false,"reason":"connection_timeout"}"#)
        #expect(Reply.shutdown == "SHUTDOWN")
    }

    @Test func noTextBreaksALine() {
        #expect(Reply.error(nil, "a\nb\r\0\u{7F}\u{85}\u{2028}ü") == "ERROR|a?b?????ü")
        #expect(Reply.line("ACK", nil, "a\nEVENT|x") == "ACK|a?EVENT|x")
    }

    @Test func linesAreCutAtTheLimit() {
        for character in ["a", "ü", "€", "😀"] {
            for offset in 0..<4 {
                let text = String(repeating: "x", count: offset) + String(repeating: character, count: 70_000)
                let reply = Reply.error("t", text)
                #expect(reply.utf8.count < Reply.maximumLength)
                #expect(reply.utf8.count > Reply.maximumLength - 8)
                #expect(reply.hasSuffix("\(character)…"))
            }
        }
        let exact = String(repeating: "a", count: Reply.maximumLength - 7)
        #expect(Reply.error(nil, exact) == "ERROR|\(exact)")
        #expect(Reply.error(nil, exact + "a").hasSuffix("…"))
    }

    @Test func payloadsOverTheLimitBecomeAnError() {
        let fits = JSONText("\"" + String(repeating: "a", count: 65_535 - 17 - 2) + "\"")
        #expect(Reply.json("ROUTE_LIST_OK", "t1", fits, compression: .available).utf8.count == 65_535)
        let tooLarge = JSONText(fits.text + " ")
        #expect(
            Reply.json("ROUTE_LIST_OK", "t1", tooLarge, compression: .available)
                == "ERROR|t1|response too large (65537 bytes), ask for compressed")
        #expect(Reply.json("ROUTE_LIST_OK", "t1", tooLarge) == "ERROR|t1|response too large (65537 bytes)")
    }

    @Test func compressedPayloadsReadBack() throws {
        let routes = (1...3000).map { number in
            var route = JSONObject()
            route.set("route_id", "r\(number)")
            route.set("domains", ["ü\(number).example"])
            return route
        }
        let reply = Reply.json("ROUTE_LIST_OK", nil, routes, compression: Reply.Compression(requested: true))
        let fields = ReplyLine(parsing: reply).fields
        #expect(!reply.contains("\n"))
        #expect(reply.utf8.count < 65_536)
        #expect(Gzip.text(ofBase64: try #require(fields.first)) == routes.jsonText)
        #expect(Reply.json("ROUTE_LIST_OK", nil, routes, compression: .available).hasPrefix("ERROR|response too large"))
    }

    @Test func compressedPayloadsHaveALimitToo() {
        var random = SeededGenerator(state: 5)
        let noise = (0..<200_000).map { _ in String(random.next(), radix: 36) }
        let reply = Reply.json("STATS_OK", nil, noise, compression: .requested)
        #expect(reply.hasPrefix("ERROR|response too large ("))
        #expect(reply.hasSuffix(" bytes)"))
    }

    @Test func linesOfTheProxyAreRead() {
        #expect(ReplyLine(parsing: "OK") == ReplyLine(kind: "OK"))
        #expect(ReplyLine(parsing: "OK|t", transactionID: "t") == ReplyLine(kind: "OK", transactionID: "t"))
        #expect(ReplyLine(parsing: "ROUTE_OK|t|r1", transactionID: "t").fields == ["r1"])
        #expect(ReplyLine(parsing: "ROUTE_OK|r1", transactionID: "t") == ReplyLine(kind: "ROUTE_OK", fields: ["r1"]))
        #expect(ReplyLine(parsing: "A||b|").fields == ["", "b", ""])
        let error = ReplyLine(parsing: "ERROR|t|expected A|b|c", transactionID: "t")
        #expect(error.errorReason == "expected A|b|c")
        #expect(error.transactionID == "t")
        let event = ReplyLine(parsing: #"EVENT|route_conflict|{"a":"x|y"}"#)
        #expect(event.fields == ["route_conflict", #"{"a":"x|y"}"#])
        #expect(event.isEvent)
        #expect(ReplyLine(parsing: "SHUTDOWN").isEvent)
        #expect(!ReplyLine(parsing: "ACK").isEvent)
        #expect(ReplyLine(parsing: "").kind == "")
        #expect(ReplyLine(parsing: "OK").errorReason == nil)
    }
}

@Suite struct GzipTests {
    @Test func whatIsCompressedExpandsAgain() {
        var random = SeededGenerator(state: 6)
        for size in [0, 1, 2, 100, 65_536, 1_000_000] {
            let plain = (0..<size).map { _ in UInt8(random.next() & 0x3F) }
            let noise = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            for bytes in [plain, noise, [UInt8](repeating: 7, count: size)] {
                let compressed = Gzip.compress(bytes)
                #expect(compressed.starts(with: [0x1F, 0x8B, 8]))
                #expect(compressed == Gzip.compress(bytes))
                #expect(Gzip.expand(compressed, limit: size) == bytes)
                if size > 0 { #expect(Gzip.expand(compressed, limit: size - 1) == nil) }
            }
        }
    }

    @Test func damageIsNoticed() {
        let bytes = Array("the quick brown fox".utf8)
        let compressed = Gzip.compress(bytes)
        #expect(Gzip.expand([], limit: 100) == nil)
        #expect(Gzip.expand(compressed + [0], limit: 1 << 40) == nil)
        // The magic number, and the checksum and length at the end.
        for index in [0, 1, 2] + compressed.indices.suffix(8) {
            var damaged = compressed
            damaged[index] ^= 0x10
            #expect(Gzip.expand(damaged, limit: 1 << 40) == nil)
        }
        for length in 0..<compressed.count {
            #expect(Gzip.expand(Array(compressed.prefix(length)), limit: 1000) == nil)
        }
        #expect(Gzip.text(ofBase64: "no base64!") == nil)
        #expect(Gzip.text(ofBase64: "aGFsbG8=") == nil)
    }
}
