import ProxyModel

/// Reads the lines of registry clients.
///
/// Every mistake that one line shows by itself is found here: form, encoding and the values of all fields. What needs
/// the session (whether a route exists, say) is left to the registry.
public enum CommandParser {
    /// Reads one line, without its line ending and not empty. O(length).
    public static func parse(_ line: [UInt8]) -> Result<ParsedLine, LineError> {
        do throws(LineError) {
            return .success(try read(line))
        } catch {
            return .failure(error)
        }
    }

    private static func read(_ line: [UInt8]) throws(LineError) -> ParsedLine {
        guard LineEncoding.isValid(line) else { throw LineError(reason: LineError.invalidEncoding) }
        let (name, rest) = LineFields.name(of: line)
        guard let form = CommandForm.named(name) else {
            let start = String.UnicodeScalarView(name.unicodeScalars.prefix(64))
            throw LineError(reason: "unknown command: " + String(start))
        }
        var fields: [String] = []
        if let rest { fields = LineFields.split(line, from: rest, firstJSONField: form.firstJSONField) }
        switch form.name {
        case .acknowledgement:
            return ParsedLine(sessionID: nil, transactionID: nil, command: .clientAcknowledgement)
        case .register:
            guard fields.count == form.fieldCount || fields.count == form.fieldCount - 1 else {
                throw formError(form)
            }
            do throws(ValueError) {
                return ParsedLine(sessionID: nil, transactionID: nil, command: try register(fields))
            } catch {
                throw LineError(reason: error.message)
            }
        default:
            return try readWithSession(form, fields)
        }
    }

    /// Reads a command whose first field is a session id.
    private static func readWithSession(_ form: CommandForm, _ given: [String]) throws(LineError) -> ParsedLine {
        var fields = given
        let compressed = form.takesCompressed && fields.count > 1 && fields.last == compressedWord
        if compressed { fields.removeLast() }
        var transactionID: String?
        if fields.count == form.fieldCount + 1, form.takesTransactionID, TransactionID.isValid(fields[1]) {
            transactionID = fields.remove(at: 1)
        }
        if form.name == .statsGet, fields.count == 1 { fields.append("") }  // no target
        guard fields.count == form.fieldCount else { throw formError(form) }
        do throws(ValueError) {
            let command = try command(form.name, fields, compressed: compressed)
            return ParsedLine(sessionID: fields[0], transactionID: transactionID, command: command)
        } catch {
            throw LineError(sessionID: fields[0], transactionID: transactionID, reason: error.message)
        }
    }

    private static func formError(_ form: CommandForm) -> LineError {
        LineError(reason: "invalid format: expected \(form.text)")
    }

    /// Reads the fields of a command; `fields[0]` is the session id, and there are as many as the form has.
    private static func command(
        _ name: CommandName, _ fields: [String], compressed: Bool
    ) throws(ValueError) -> Command {
        switch name {
        case .register, .acknowledgement: preconditionFailure("read before: they have no session id")
        case .reconnect: .reconnect
        case .clientShutdown: .clientShutdown
        case .ping: .ping
        case .sessionInfo: .sessionInfo
        case .routeAdd: .routeAdd(try routeSpecification(fields))
        case .routeAddBulk: .routeAddBulk(try BulkRoutes.parse(fields[1]))
        case .routeUpdate: .routeUpdate(try routeID(fields[1]), try routeChange(fields[2], fields[3]))
        case .routeRemove: .routeRemove(try routeID(fields[1]))
        case .routeList: .routeList(compressed: compressed)
        case .headersSet: .headersSet(try target(fields[1]), try HeaderField(name: fields[2], value: fields[3]))
        case .headersRemove: .headersRemove(try target(fields[1]), name: try headerName(fields[2]))
        case .optionsSet: .optionsSet(try target(fields[1]), try option(fields[2], fields[3]))
        case .optionsRemove: .optionsRemove(try target(fields[1]), try RouteOption.Key(parsing: fields[2]))
        case .healthSet: .healthSet(try routeID(fields[1]), try healthCheck(fields))
        case .rateLimitSet:
            .rateLimitSet(try target(fields[1]), try RateLimit(parsingRequests: fields[2], window: fields[3]))
        case .circuitBreakerSet: .circuitBreakerSet(try target(fields[1]), try circuitBreaker(fields))
        case .circuitBreakerStatus: .circuitBreakerStatus(try routeID(fields[1]))
        case .circuitBreakerReset: .circuitBreakerReset(try target(fields[1]))
        case .configValidate: .configValidate
        case .configApply: .configApply
        case .configRollback: .configRollback
        case .configDiff: .configDiff
        case .configApplyPartial: .configApplyPartial(try scopes(fields[1]))
        case .statsGet: .statsGet(try statsTarget(fields[1]), compressed: compressed)
        case .drainStart: .drainStart(try DurationText.parse(fields[1], field: "duration"))
        case .drainStatus: .drainStatus
        case .drainCancel: .drainCancel
        case .maintenanceEnter:
            .maintenanceEnter(
                try MaintenanceSelection(parsing: fields[1]),
                backend: fields[2].isEmpty ? nil : try BackendURL(parsing: fields[2]))
        case .maintenanceExit: .maintenanceExit(try MaintenanceSelection(parsing: fields[1]))
        case .maintenanceStatus: .maintenanceStatus
        case .subscribe: .subscribe(try eventType(fields[1]))
        case .unsubscribe: .unsubscribe(try eventType(fields[1]))
        case .backendTest: .backendTest(try BackendURL(parsing: fields[1]))
        }
    }
}
