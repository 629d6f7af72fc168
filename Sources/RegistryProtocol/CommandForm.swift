/// The names of the commands, as lines begin with them.
public enum CommandName: String, CaseIterable, Hashable, Sendable {
    case register = "REGISTER"
    case reconnect = "RECONNECT"
    case clientShutdown = "CLIENT_SHUTDOWN"
    case ping = "PING"
    case sessionInfo = "SESSION_INFO"
    case routeAdd = "ROUTE_ADD"
    case routeAddBulk = "ROUTE_ADD_BULK"
    case routeUpdate = "ROUTE_UPDATE"
    case routeRemove = "ROUTE_REMOVE"
    case routeList = "ROUTE_LIST"
    case headersSet = "HEADERS_SET"
    case headersRemove = "HEADERS_REMOVE"
    case optionsSet = "OPTIONS_SET"
    case optionsRemove = "OPTIONS_REMOVE"
    case healthSet = "HEALTH_SET"
    case rateLimitSet = "RATELIMIT_SET"
    case circuitBreakerSet = "CIRCUIT_BREAKER_SET"
    case circuitBreakerStatus = "CIRCUIT_BREAKER_STATUS"
    case circuitBreakerReset = "CIRCUIT_BREAKER_RESET"
    case configValidate = "CONFIG_VALIDATE"
    case configApply = "CONFIG_APPLY"
    case configRollback = "CONFIG_ROLLBACK"
    case configDiff = "CONFIG_DIFF"
    case configApplyPartial = "CONFIG_APPLY_PARTIAL"
    case statsGet = "STATS_GET"
    case drainStart = "DRAIN_START"
    case drainStatus = "DRAIN_STATUS"
    case drainCancel = "DRAIN_CANCEL"
    case maintenanceEnter = "MAINT_ENTER"
    case maintenanceExit = "MAINT_EXIT"
    case maintenanceStatus = "MAINT_STATUS"
    case subscribe = "SUBSCRIBE"
    case unsubscribe = "UNSUBSCRIBE"
    case backendTest = "BACKEND_TEST"
    /// A client's acknowledgement of `MAINT_OK`: no command of the guide's list, accepted without a reply.
    case acknowledgement = "ACK"
}

/// The fields that a command has.
struct CommandForm: Sendable {
    /// The command.
    let name: CommandName
    /// The whole form as an error message shows it: `PING|session_id`.
    let text: String
    /// The number of fields behind the name.
    let fieldCount: Int

    /// Whether a transaction id may follow the session id.
    var takesTransactionID: Bool { name != .register && name != .reconnect }
    /// Whether `compressed` may follow as the last field.
    var takesCompressed: Bool { name == .routeList || name == .statsGet }
    /// The first field (counted from 0 behind the name) that can be JSON, and then reaches to the end of the line.
    var firstJSONField: Int? {
        switch name {
        case .register: 3
        case .routeAddBulk: 1
        default: nil
        }
    }

    private init(_ name: CommandName, _ fields: String...) {
        self.name = name
        text = ([name.rawValue] + fields).joined(separator: "|")
        fieldCount = fields.count
    }

    /// The form of the command with this name, `nil` where there is none.
    static func named(_ name: String) -> CommandForm? {
        byName[name]
    }

    private static let byName = Dictionary(
        uniqueKeysWithValues: CommandName.allCases.map { ($0.rawValue, CommandForm.of($0)) })

    private static func of(_ name: CommandName) -> CommandForm {
        let session = "session_id"
        return switch name {
        case .register: CommandForm(name, "service_name", "instance_name", "maintenance_port", "metadata")
        case .acknowledgement: CommandForm(name)
        case .reconnect, .clientShutdown, .ping, .sessionInfo, .routeList, .configValidate, .configApply,
            .configRollback, .configDiff, .drainStatus, .drainCancel, .maintenanceStatus:
            CommandForm(name, session)
        case .routeAdd: CommandForm(name, session, "domains", "path", "backend_url", "priority")
        case .routeAddBulk: CommandForm(name, session, "json_array")
        case .routeUpdate: CommandForm(name, session, "route_id", "field", "value")
        case .routeRemove, .circuitBreakerStatus, .circuitBreakerReset, .statsGet:
            CommandForm(name, session, "route_id")
        case .headersSet: CommandForm(name, session, "target", "header_name", "header_value")
        case .headersRemove: CommandForm(name, session, "target", "header_name")
        case .optionsSet: CommandForm(name, session, "target", "key", "value")
        case .optionsRemove: CommandForm(name, session, "target", "key")
        case .healthSet: CommandForm(name, session, "route_id", "path", "interval", "timeout")
        case .rateLimitSet: CommandForm(name, session, "route_id", "requests", "window")
        case .circuitBreakerSet:
            CommandForm(name, session, "route_id", "threshold", "timeout", "half_open_requests")
        case .configApplyPartial: CommandForm(name, session, "scope")
        case .drainStart: CommandForm(name, session, "duration")
        case .maintenanceEnter: CommandForm(name, session, "target", "backend_url")
        case .maintenanceExit: CommandForm(name, session, "target")
        case .subscribe, .unsubscribe: CommandForm(name, session, "event_type")
        case .backendTest: CommandForm(name, session, "backend_url")
        }
    }
}
