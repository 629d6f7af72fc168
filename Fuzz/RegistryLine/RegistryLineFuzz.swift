// What any bytes on the registry port may do: be answered in one line. Built and run by `fuzz` beside this file.
import ProxyModel
import RegistryProtocol

/// Called by libFuzzer with every input. A broken promise stops the process, and libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Safe because libFuzzer's input lives for the length of this call, and the array is a copy.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first else { return 0 }
    let bytes = input.dropFirst()
    let events = split(bytes, chunk: Int(first % 64) + 1)
    precondition(events == split(bytes, chunk: bytes.count + 1), "lines depend on the chunks they come in")
    for case .line(let line) in events { checkLine(line) }
    if let text = String(validating: bytes, as: UTF8.self) { checkTexts(text) }
    return 0
}

private func split(_ bytes: ArraySlice<UInt8>, chunk: Int) -> [LineSplitter.Event] {
    var splitter = LineSplitter(limit: 512)
    var events: [LineSplitter.Event] = []
    var rest = bytes
    while !rest.isEmpty {
        splitter.append(rest.prefix(chunk))
        rest = rest.dropFirst(chunk)
        while let event = splitter.next() { events.append(event) }
    }
    return events
}

private func checkLine(_ line: [UInt8]) {
    precondition(!line.isEmpty && line.count <= 512 && !line.contains(UInt8(ascii: "\n")))
    switch CommandParser.parse(line) {
    case .failure(let error):
        checkReply(Reply.error(error.transactionID, error.reason))
        precondition(error.transactionID.map(TransactionID.isValid) ?? true)
    case .success(let parsed):
        checkReply(Reply.line("OK", parsed.transactionID, parsed.sessionID ?? ""))
        precondition(parsed.transactionID.map(TransactionID.isValid) ?? true)
        checkCommand(parsed.command)
    }
}

/// What a value shows of itself must lead back to it.
private func checkCommand(_ command: Command) {
    switch command {
    case .register(_, _, _, let metadata?): precondition((try? JSONValue(parsing: metadata)) != nil)
    case .routeAdd(let route): checkRoute(route)
    case .routeAddBulk(let routes): routes.forEach(checkRoute)
    case .routeUpdate(_, .domains(let domains)): checkDomains(domains)
    case .routeUpdate(_, .path(let path)): checkPath(path)
    case .routeUpdate(_, .backend(let backend)), .backendTest(let backend): checkBackend(backend)
    case .headersSet(_, let field):
        precondition((try? HeaderField(name: field.name, value: field.value)) == field)
        precondition(!field.description.utf8.contains { $0 < 0x20 || $0 == 0x7F })
    case .optionsSet(_, let option):
        precondition((try? RouteOption(key: option.key, parsing: option.valueText)) == option)
    case .drainStart(let duration):
        precondition(duration > .zero && duration <= .seconds(86_400))
        precondition((try? DurationText.parse(DurationText.format(duration), field: "")) == duration)
    case .maintenanceEnter(let selection, _), .maintenanceExit(let selection):
        precondition(!selection.targets.isEmpty)
        precondition((try? MaintenanceSelection(parsing: selection.text)) == selection)
    case .configApplyPartial(let scopes): precondition(!scopes.isEmpty)
    default: break
    }
}

private func checkRoute(_ route: RouteSpecification) {
    checkDomains(route.domains)
    checkPath(route.path)
    checkBackend(route.backend)
}

private func checkDomains(_ domains: [DomainPattern]) {
    precondition(!domains.isEmpty && Set(domains).count == domains.count)
    let text = domains.map(\.description).joined(separator: ",")
    precondition(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    precondition((try? DomainPattern.parseList(text)) == domains)
}

private func checkPath(_ path: RoutePath) {
    precondition(path.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    precondition((try? RoutePath(parsing: path.text)) == path)
}

private func checkBackend(_ backend: BackendURL) {
    let text = "\(backend.scheme.rawValue)://\(backend.authority)\(backend.pathPrefix)"
    precondition((try? BackendURL(parsing: text)) == backend)
    precondition((try? BackendURL(parsing: backend.description)) == backend)
    precondition(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
}

private func checkTexts(_ text: String) {
    if let value = try? JSONValue(parsing: text) {
        let written = value.jsonText
        precondition((try? JSONValue(parsing: written)) == value)
        precondition(!written.unicodeScalars.contains(where: PlainText.isControl))
    }
    if let address = IPAddress(text) { precondition(IPAddress(address.description) == address) }
    if let network = try? CIDR(parsing: text) { precondition((try? CIDR(parsing: network.description)) == network) }
    precondition(Gzip.text(ofBase64: Gzip.base64(of: text)) == text)
    _ = Gzip.text(ofBase64: text, limit: 1 << 16)
    let reply = ReplyLine(parsing: text, transactionID: "t")
    precondition(reply.transactionID == nil || text.hasPrefix("\(reply.kind)|t"))
}

private func checkReply(_ reply: String) {
    precondition(!reply.unicodeScalars.contains(where: PlainText.isControl))
    precondition(reply.utf8.count < Reply.maximumLength)
}
