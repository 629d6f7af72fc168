import ProxyModel

extension CommandParser {
    /// The longest name of a service or an instance in bytes.
    static let maximumNameLength = 255
    private static let priorities = Int(Int32.min)...Int(Int32.max)

    /// Reads the fields of REGISTER, three or four of them.
    static func register(_ fields: [String]) throws(ValueError) -> Command {
        let service = try name(fields[0], field: "service_name")
        let instance = try name(fields[1], field: "instance_name")
        let last = fields.count > 3 ? fields[3] : ""
        guard last.isEmpty || !last.utf8.allSatisfy(\.isASCIIDigit) else {
            // The older form: service, host, port, maintenance port.
            let port = try port(fields[2], field: "port")
            return .register(
                service: service, instance: instance, maintenancePort: try self.port(last, field: "maintenance_port"),
                metadata: "{\"port\":\(port)}")
        }
        return .register(
            service: service, instance: instance,
            maintenancePort: try port(fields[2], field: "maintenance_port"), metadata: try metadata(last))
    }

    private static func name(_ text: String, field: String) throws(ValueError) -> String {
        guard !text.isEmpty else { throw ValueError("\(field) must not be empty") }
        guard text.utf8.count <= maximumNameLength else {
            throw .invalid(field, text, expected: "at most \(maximumNameLength) bytes")
        }
        return text
    }

    private static func port(_ text: String, field: String) throws(ValueError) -> UInt16 {
        UInt16(try IntegerText.parse(text, field: field, in: 0...65_535))
    }

    private static func metadata(_ given: String) throws(ValueError) -> String? {
        let text = given.trimmed
        guard !text.isEmpty else { return nil }
        do throws(JSONError) {
            guard case .object = try JSONValue(parsing: text) else {
                throw JSONError(message: "expected a JSON object")
            }
            return text
        } catch {
            throw ValueError("invalid metadata: \(error.message)")
        }
    }

    /// Reads the fields of ROUTE_ADD from `fields[1]` on. An empty priority is the default, 0.
    static func routeSpecification(_ fields: [String]) throws(ValueError) -> RouteSpecification {
        RouteSpecification(
            domains: try DomainPattern.parseList(fields[1]), path: try RoutePath(parsing: fields[2]),
            backend: try BackendURL(parsing: fields[3]), priority: fields[4].isEmpty ? 0 : try priority(fields[4]))
    }

    static func priority(_ text: String) throws(ValueError) -> Int {
        try IntegerText.parse(text, field: "priority", in: priorities)
    }

    static func routeChange(_ field: String, _ value: String) throws(ValueError) -> RouteChange {
        switch field {
        case "backend_url": .backend(try BackendURL(parsing: value))
        case "priority": .priority(try priority(value))
        case "domains": .domains(try DomainPattern.parseList(value))
        case "path": .path(try RoutePath(parsing: value))
        default: throw .invalid("field", field, expected: "backend_url, priority, domains or path")
        }
    }

    /// Reads a route id. What is none names no route: the guide's answer is the same for both.
    static func routeID(_ text: String) throws(ValueError) -> RouteID {
        guard let id = RouteID(text) else { throw ValueError("route not found") }
        return id
    }

    static func target(_ text: String) throws(ValueError) -> SettingTarget {
        if text == "ALL" { return .all }
        guard let id = RouteID(text) else {
            throw .invalid("target", text, expected: "ALL or a route_id such as r1")
        }
        return .route(id)
    }

    static func statsTarget(_ text: String) throws(ValueError) -> StatsTarget {
        if text.isEmpty { return .none }
        return switch try target(text) {
        case .all: .all
        case .route(let id): .route(id)
        }
    }

    static func headerName(_ text: String) throws(ValueError) -> String {
        try HeaderField.checkName(text)
        return text
    }

    static func option(_ key: String, _ value: String) throws(ValueError) -> RouteOption {
        try RouteOption(key: RouteOption.Key(parsing: key), parsing: value)
    }

    static func healthCheck(_ fields: [String]) throws(ValueError) -> HealthCheckSettings {
        try HealthCheckSettings(parsingPath: fields[2], interval: fields[3], timeout: fields[4])
    }

    static func circuitBreaker(_ fields: [String]) throws(ValueError) -> CircuitBreakerSettings {
        try CircuitBreakerSettings(parsingThreshold: fields[2], timeout: fields[3], halfOpenRequests: fields[4])
    }

    static func scopes(_ text: String) throws(ValueError) -> Set<ConfigScope> {
        var scopes: Set<ConfigScope> = []
        for entry in text.commaSeparated {
            guard let scope = ConfigScope(rawValue: entry) else {
                let known = ConfigScope.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid("scope", entry, expected: "a comma-separated list of \(known)")
            }
            scopes.insert(scope)
        }
        return scopes
    }

    static func eventType(_ text: String) throws(ValueError) -> EventType {
        guard let type = EventType(rawValue: text) else {
            let known = EventType.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("event_type", text, expected: "one of \(known)")
        }
        return type
    }
}

extension MaintenanceSelection {
    /// Reads `ALL` or a comma-separated list of route ids, paths and domains.
    public init(parsing text: String) throws(ValueError) {
        var targets: [MaintenanceTarget] = []
        for entry in text.commaSeparated { targets.append(try Self.target(entry, in: text)) }
        guard targets.count == 1 || !targets.contains(.all) else {
            throw .invalid("target", text, expected: "ALL alone or a list without it")
        }
        self.init(text: text, targets: targets)
    }

    private static func target(_ entry: String, in text: String) throws(ValueError) -> MaintenanceTarget {
        if entry == "ALL" { return .all }
        if let id = RouteID(entry) { return .route(id) }
        if entry.hasPrefix("/") { return .path(try RoutePath(parsing: entry)) }
        guard let domain = try? DomainPattern(parsing: entry) else {  // one message for all that an entry may be
            throw .invalid("target", text, expected: "ALL or a list of route_ids, or a path or domain of the session")
        }
        return .domain(domain)
    }
}
