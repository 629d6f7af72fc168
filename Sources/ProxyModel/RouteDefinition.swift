/// That a route answers with a maintenance page in place of its backend.
public struct Maintenance: Hashable, Sendable {
    /// The server of the maintenance page; `nil` for the built-in page.
    public var backend: BackendURL?

    /// Maintenance with this page.
    public init(backend: BackendURL?) {
        self.backend = backend
    }
}

/// An active route with all that serving it needs.
public struct RouteDefinition: Hashable, Sendable {
    /// The public id.
    public var id: RouteID
    /// The session that it belongs to.
    public var session: SessionKey
    /// The service's name, for logs and error pages.
    public var service: String
    /// The instance's name, for logs and error pages.
    public var instance: String
    /// The hosts that it serves, each once.
    public var domains: [DomainPattern]
    /// The paths that it serves.
    public var path: RoutePath
    /// Where its requests go.
    public var backend: BackendURL
    /// Higher is matched first.
    public var priority: Int
    /// The effective settings.
    public var settings: RouteSettings
    /// Whether, and with which page, it is in maintenance.
    public var maintenance: Maintenance?

    /// A route of these parts.
    public init(
        id: RouteID, session: SessionKey, service: String, instance: String, domains: [DomainPattern],
        path: RoutePath, backend: BackendURL, priority: Int = 0, settings: RouteSettings = .standard,
        maintenance: Maintenance? = nil
    ) {
        self.id = id
        self.session = session
        self.service = service
        self.instance = instance
        self.domains = domains
        self.path = path
        self.backend = backend
        self.priority = priority
        self.settings = settings
        self.maintenance = maintenance
    }
}
