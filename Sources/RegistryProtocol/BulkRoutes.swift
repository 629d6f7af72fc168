import ProxyModel

/// Reads the JSON array of ROUTE_ADD_BULK.
enum BulkRoutes {
    /// The routes in their order; an empty array is allowed.
    ///
    /// - Throws: the first mistake, with the index (from 0) of the object that it is in.
    static func parse(_ text: String) throws(ValueError) -> [RouteSpecification] {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: text)
        } catch {
            throw ValueError("invalid json_array: \(error.message)")
        }
        guard case .array(let elements) = value else {
            throw ValueError("invalid json_array: expected a JSON array of route objects")
        }
        var routes: [RouteSpecification] = []
        routes.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            do throws(ValueError) {
                routes.append(try route(element))
            } catch {
                throw ValueError("route at index \(index): \(error.message)")
            }
        }
        return routes
    }

    private static func route(_ element: JSONValue) throws(ValueError) -> RouteSpecification {
        guard case .object = element else {
            throw ValueError("expected an object with domains, path, backend_url and priority")
        }
        return RouteSpecification(
            domains: try domains(element["domains"]),
            path: try RoutePath(parsing: string(element["path"], field: "path")),
            backend: try BackendURL(parsing: string(element["backend_url"], field: "backend_url")),
            priority: try priority(element["priority"]))
    }

    private static func domains(_ value: JSONValue?) throws(ValueError) -> [DomainPattern] {
        guard let value else { throw ValueError("domains is missing") }
        guard case .array(let elements) = value, !elements.isEmpty else {
            throw ValueError("domains must be an array of at least one string")
        }
        var domains: [DomainPattern] = []
        for element in elements {
            guard case .string(let text) = element else {
                throw ValueError("domains must be an array of at least one string")
            }
            domains.append(try DomainPattern(parsing: text.trimmed))
        }
        return DomainPattern.withoutRepetitions(domains)
    }

    private static func string(_ value: JSONValue?, field: String) throws(ValueError) -> String {
        guard let value else { throw ValueError("\(field) is missing") }
        guard case .string(let text) = value else { throw ValueError("\(field) must be a string") }
        return text
    }

    private static func priority(_ value: JSONValue?) throws(ValueError) -> Int {
        switch value {
        case nil, .null?: return 0
        case .number(let text)?: return try CommandParser.priority(text)
        default: throw ValueError("priority must be a number")
        }
    }
}
