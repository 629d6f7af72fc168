import ProxyModel
import Testing

@testable import RegistryProtocol

@Suite struct CommandParserTests {
    @Test func everyCommandHasAnExample() {
        let names = Set(CommandExample.all.map { String($0.line.prefix { $0 != "|" }) })
        let special: Set<CommandName> = [.register, .reconnect, .acknowledgement]
        #expect(names.union(special.map(\.rawValue)) == Set(CommandName.allCases.map(\.rawValue)))
    }

    @Test(arguments: CommandExample.all)
    func everyFormIsRead(example: CommandExample) {
        #expect(parsed(example.line) == ParsedLine(sessionID: "s", transactionID: nil, command: example.command))
    }

    @Test(arguments: CommandExample.all)
    func everyFormIsReadWithATransactionID(example: CommandExample) {
        for id in ["t", "A-z_0.9:", "r1", "ALL", "0", String(repeating: "x", count: 64)] {
            let expected = ParsedLine(sessionID: "s", transactionID: id, command: example.command)
            #expect(parsed(example.line(withTransactionID: id)) == expected)
        }
    }

    @Test(arguments: CommandExample.all)
    func whatIsNoTransactionIDMakesTheFormWrong(example: CommandExample) throws {
        // In these two a word in this place has another meaning.
        if example.line == "ROUTE_LIST|s" || example.line.hasPrefix("STATS_GET") { return }
        let form = try #require(CommandForm.named(String(example.line.prefix { $0 != "|" })))
        for id in ["", "compressed", "a b", "ä", "a/b", String(repeating: "x", count: 65)] {
            let error = failure(example.line(withTransactionID: id))
            #expect(error == LineError(reason: "invalid format: expected \(form.text)"))
        }
    }

    @Test(arguments: CommandExample.all)
    func aFieldTooFewOrTwoTooManyIsAWrongForm(example: CommandExample) throws {
        let name = String(example.line.prefix { $0 != "|" })
        let form = try #require(CommandForm.named(name))
        let expected = LineError(reason: "invalid format: expected \(form.text)")
        #expect(failure(name) == expected)
        #expect(failure(example.line(withTransactionID: "t|t")) == expected)
        if form.fieldCount > 1, name != "STATS_GET" {
            let fields = [name] + Array(repeating: "r1", count: form.fieldCount - 1)
            #expect(failure(fields.joined(separator: "|")) == expected)
        }
    }

    @Test func formsAreTheGuides() throws {
        for (name, form) in [
            ("REGISTER", "REGISTER|service_name|instance_name|maintenance_port|metadata"),
            ("RECONNECT", "RECONNECT|session_id"),
            ("ROUTE_ADD", "ROUTE_ADD|session_id|domains|path|backend_url|priority"),
            ("ROUTE_ADD_BULK", "ROUTE_ADD_BULK|session_id|json_array"),
            ("ROUTE_UPDATE", "ROUTE_UPDATE|session_id|route_id|field|value"),
            ("HEADERS_SET", "HEADERS_SET|session_id|target|header_name|header_value"),
            ("OPTIONS_SET", "OPTIONS_SET|session_id|target|key|value"),
            ("HEALTH_SET", "HEALTH_SET|session_id|route_id|path|interval|timeout"),
            ("RATELIMIT_SET", "RATELIMIT_SET|session_id|route_id|requests|window"),
            ("CIRCUIT_BREAKER_SET", "CIRCUIT_BREAKER_SET|session_id|route_id|threshold|timeout|half_open_requests"),
            ("MAINT_ENTER", "MAINT_ENTER|session_id|target|backend_url"),
        ] {
            #expect(failure(name)?.reason == "invalid format: expected \(form)")
        }
    }

    @Test func reconnectTakesNoTransactionID() {
        #expect(
            parsed("RECONNECT|orbat-3000-1734532800-0a")
                == ParsedLine(sessionID: "orbat-3000-1734532800-0a", transactionID: nil, command: .reconnect))
        #expect(failure("RECONNECT|s|t") == LineError(reason: "invalid format: expected RECONNECT|session_id"))
    }

    @Test func compressedIsALastWordOfTwoCommandsOnly() {
        #expect(parsed("ROUTE_LIST|s|t|compressed")?.transactionID == "t")
        #expect(parsed("ROUTE_LIST|compressed")?.sessionID == "compressed")
        #expect(failure("ROUTE_LIST|s|compressed|compressed") != nil)
        #expect(failure("ROUTE_LIST|s|compressed|t") != nil)
        #expect(parsed("STATS_GET|s")?.command == .statsGet(.none, compressed: false))
        #expect(parsed("STATS_GET|s|compressed")?.command == .statsGet(.none, compressed: true))
        #expect(parsed("STATS_GET|s||compressed")?.command == .statsGet(.none, compressed: true))
        #expect(
            parsed("STATS_GET|s|t|r1|compressed")
                == ParsedLine(
                    sessionID: "s", transactionID: "t",
                    command: .statsGet(.route(RouteID(number: 1)), compressed: true)))
        #expect(failure("PING|s|compressed") == LineError(reason: "invalid format: expected PING|session_id"))
    }

    @Test func acknowledgementsOfClientsAreAccepted() {
        for line in ["ACK", "ACK|s", "ACK|s|t|x"] {
            #expect(
                parsed(line) == ParsedLine(sessionID: nil, transactionID: nil, command: .clientAcknowledgement))
        }
    }

    @Test func unknownCommandsAreNamed() {
        #expect(failure("FOO|s|t")?.reason == "unknown command: FOO")
        #expect(failure("ping|s")?.reason == "unknown command: ping")
        #expect(failure("PING ")?.reason == "unknown command: PING ")
        #expect(failure("|s")?.reason == "unknown command: ")
        #expect(failure("GET / HTTP/1.1")?.reason == "unknown command: GET / HTTP/1.1")
        let long = String(repeating: "ab", count: 50)
        #expect(failure(long + "|s")?.reason == "unknown command: " + long.prefix(64))
        // One character to the reader, five thousand to the wire.
        let tower = "a" + String(repeating: "\u{301}", count: 5000)
        #expect(failure(tower)?.reason.unicodeScalars.count == "unknown command: ".count + 64)
    }

    @Test func whatIsNoTextIsAnInvalidEncoding() {
        for bytes: [UInt8] in [
            [0x50, 0xFF], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xC0, 0xAF],
            [0xF4, 0x90, 0x80, 0x80],
            [0], [0x09], [0x1B], [0x7F], [0xC2, 0x80], [0xC2, 0x9F], [0x0D], [0x0A],
        ] {
            let result = CommandParser.parse(Array("PING|s".utf8) + bytes)
            #expect(result == .failure(LineError(reason: "invalid encoding")))
        }
        #expect(parsed("PING|sä\u{A0}😀")?.sessionID == "sä\u{A0}😀")
    }

    @Test func anErrorInAFieldHandsOverSessionAndTransaction() {
        #expect(
            failure("ROUTE_REMOVE|sid|txn-1|nope")
                == LineError(sessionID: "sid", transactionID: "txn-1", reason: "route not found"))
        #expect(failure("ROUTE_REMOVE|sid|nope") == LineError(sessionID: "sid", reason: "route not found"))
        #expect(failure("ROUTE_REMOVE||nope") == LineError(sessionID: "", reason: "route not found"))
    }
}
