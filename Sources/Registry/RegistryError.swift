import ProxyModel

/// Why a command could not be carried out. The message is what follows `ERROR|`.
enum RegistryError: Error, Hashable, Sendable {
    /// The session id is wrong, expired or superseded.
    case invalidSession
    /// The session has no route of this id.
    case routeNotFound
    /// The command needs a route that serves.
    case routeNotActive(RouteID)
    /// The route cannot be updated any more.
    case routeStagedForRemoval(RouteID)
    /// A maintenance target names nothing of the session.
    case nothingAt(String)
    /// A bound was reached.
    case limit(of: String, Int)
    /// What is staged has these mistakes.
    case mistakes([String], more: Int)
    /// There is no drain to ask for or to take back.
    case noDrain
    /// A drain is already on or complete.
    case draining(until: WallTime)
    /// The proxy is about to stop.
    case shuttingDown

    /// In one line what is wrong and what to do.
    var message: String {
        switch self {
        case .invalidSession: "Invalid session"
        case .routeNotFound: "route not found"
        case .routeNotActive(let id): "route \(id) is staged and not active yet: CONFIG_APPLY first"
        case .routeStagedForRemoval(let id): "route \(id) is staged for removal: CONFIG_ROLLBACK first"
        case .nothingAt(let target): "no active route of this session at \(PlainText.quoted(target))"
        case .limit(let what, let most): "too many \(what) (limit \(most))"
        case .mistakes(let mistakes, let more):
            mistakes.joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
        case .noDrain: "no drain in progress"
        case .draining(let end): "drain already in progress until \(end.rfc3339): DRAIN_CANCEL first"
        case .shuttingDown: "the proxy is shutting down"
        }
    }
}
