import ProxyModel
import Testing

@testable import RegistryProtocol

@Suite struct RegisterTests {
    @Test(arguments: [
        ("REGISTER|orbat|orbat.1|3001", nil), ("REGISTER|orbat|orbat.1|3001|", nil),
        ("REGISTER|orbat|orbat.1|3001| ", nil),
        ("REGISTER|orbat|orbat.1|3001|{}", "{}"),
        (#"REGISTER|orbat|orbat.1|3001| {"a":"x|y", "b":[1,{}]} "#, #"{"a":"x|y", "b":[1,{}]}"#),
        (#"REGISTER|orbat|orbat.1|3001|{"a":1}|compressed"#, #"{"a":1}"#),
    ])
    func sessionsAreAskedFor(line: String, metadata: String?) {
        #expect(
            parsed(line)
                == ParsedLine(
                    sessionID: nil, transactionID: nil,
                    command: .register(
                        service: "orbat", instance: "orbat.1", maintenancePort: 3001, metadata: metadata)))
    }

    @Test func theOlderFormIsUnderstood() {
        #expect(
            parsed("REGISTER|api|api-v2|9000|9001")?.command
                == .register(service: "api", instance: "api-v2", maintenancePort: 9001, metadata: #"{"port":9000}"#))
    }

    @Test(arguments: [
        ("REGISTER||i|1|{}", "service_name must not be empty"), ("REGISTER|s||1", "instance_name must not be empty"),
        ("REGISTER|s|i||{}", #"invalid maintenance_port "": expected a whole number from 0 to 65535"#),
        ("REGISTER|s|i|65536|{}", #"invalid maintenance_port "65536": expected a whole number from 0 to 65535"#),
        ("REGISTER|s|i|http|{}", #"invalid maintenance_port "http": expected a whole number from 0 to 65535"#),
        ("REGISTER|s|i|1|65536", #"invalid maintenance_port "65536": expected a whole number from 0 to 65535"#),
        ("REGISTER|s|i|x|1", #"invalid port "x": expected a whole number from 0 to 65535"#),
        ("REGISTER|s|i|1|[1]", "invalid metadata: expected a JSON object"),
        ("REGISTER|s|i|1|null", "invalid metadata: expected a JSON object"),
        ("REGISTER|s|i|1|version", "invalid metadata: unexpected character at byte 0"),
        (#"REGISTER|s|i|1|{"a":1"#, "invalid metadata: expected ',' or '}' at byte 6"),
        (#"REGISTER|s|i|1|{"a":01}"#, "invalid metadata: expected ',' or '}' at byte 6"),
        (#"REGISTER|s|i|1|{"a":1}|x"#, "invalid metadata: unexpected text at byte 7"),
    ])
    func mistakesAreNamed(line: String, reason: String) {
        #expect(failure(line) == LineError(reason: reason))
    }

    @Test func namesHaveALimit() {
        let name = String(repeating: "n", count: 255)
        #expect(parsed("REGISTER|\(name)|\(name)|1") != nil)
        #expect(failure("REGISTER|\(name)n|i|1")?.reason.hasSuffix("expected at most 255 bytes") == true)
        #expect(failure("REGISTER|s|\(name)n|1")?.reason.hasSuffix("expected at most 255 bytes") == true)
    }

    @Test(arguments: ["REGISTER", "REGISTER|s", "REGISTER|s|i", "REGISTER|s|i|1|a|b", "REGISTER|s|{|i|1|x|y"])
    func theWrongNumberOfFieldsIsAWrongForm(line: String) {
        #expect(
            failure(line)?.reason
                == "invalid format: expected REGISTER|service_name|instance_name|maintenance_port|metadata")
    }
}

@Suite struct BulkRoutesTests {
    private func bulk(_ json: String) -> String { "ROUTE_ADD_BULK|sess123|\(json)" }

    @Test func theGuidesExampleIsRead() throws {
        let line = bulk(
            #"[{"domains":["api.example.com"],"path":"/v1","backend_url":"http://api:9000","priority":0},"#
                + #"{"domains":["api.example.com"],"path":"/v2","backend_url":"http://api-v2:9001","priority":10}]"#)
        #expect(
            parsed(line)?.command
                == .routeAddBulk([
                    try specification("api.example.com", "/v1", "http://api:9000"),
                    try specification("api.example.com", "/v2", "http://api-v2:9001", 10),
                ]))
    }

    @Test func priorityMayBeMissingAndOtherMembersAreIgnored() throws {
        let line = bulk(
            #"[{"name":"x|y","backend_url":"http://b","path":"/","domains":["a","A","b"],"priority":null}]"#)
        #expect(parsed(line)?.command == .routeAddBulk([try specification("a,b", "/", "http://b")]))
        #expect(parsed(bulk("[]"))?.command == .routeAddBulk([]))
        #expect(parsed(bulk("[]|compressed"))?.command == .routeAddBulk([]))
        #expect(parsed("ROUTE_ADD_BULK|s|t| []")?.transactionID == "t")
    }

    @Test(arguments: [
        ("", "invalid json_array: incomplete JSON at byte 0"),
        ("x", "invalid json_array: unexpected character at byte 0"),
        ("{}", "invalid json_array: expected a JSON array of route objects"),
        ("[1", "invalid json_array: expected ',' or ']' at byte 2"),
        ("[1]", "route at index 0: expected an object with domains, path, backend_url and priority"),
        ("[{}]", "route at index 0: domains is missing"),
        (#"[{"domains":"a"}]"#, "route at index 0: domains must be an array of at least one string"),
        (#"[{"domains":[]}]"#, "route at index 0: domains must be an array of at least one string"),
        (#"[{"domains":[1]}]"#, "route at index 0: domains must be an array of at least one string"),
        (#"[{"domains":["a"]}]"#, "route at index 0: path is missing"),
        (#"[{"domains":["a"],"path":1}]"#, "route at index 0: path must be a string"),
        (#"[{"domains":["a"],"path":"/"}]"#, "route at index 0: backend_url is missing"),
        (
            #"[{"domains":["a"],"path":"/","backend_url":"http://b","priority":"1"}]"#,
            "route at index 0: priority must be a number"
        ),
        (
            #"[{"domains":["a"],"path":"/","backend_url":"http://b","priority":1.5}]"#,
            #"route at index 0: invalid priority "1.5": expected a whole number from -2147483648 to 2147483647"#
        ),
        (
            #"[{"domains":["a"],"path":"/","backend_url":"http://b"},{"domains":["a"],"path":"\n","backend_url":""}]"#,
            #"route at index 1: invalid path "?": expected a path that begins with /"#
        ),
        (
            #"[{"domains":["a,b"],"path":"/","backend_url":"http://b"}]"#,
            #"route at index 0: invalid domain "a,b": ',' is not allowed in a host name; expected a host name, "#
                + "*.example.com or *"
        ),
    ])
    func mistakesAreNamedWithTheirIndex(json: String, reason: String) {
        #expect(failure(bulk(json)) == LineError(sessionID: "sess123", reason: reason))
    }

    @Test func aTransactionIDIsToldFromTheArray() {
        #expect(failure("ROUTE_ADD_BULK|s|t|x")?.transactionID == "t")
        #expect(
            failure("ROUTE_ADD_BULK|s|t|x|y")?.reason == "invalid format: expected ROUTE_ADD_BULK|session_id|json_array"
        )
    }
}
