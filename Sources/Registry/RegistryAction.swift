import ProxyModel

/// What the shell has to do for the registry, in the order of the list that it got.
///
/// Lines have no line end; the shell adds LF.
public enum RegistryAction: Sendable {
    /// Writes the answer to the command in hand; the connection may then give its next line.
    case reply(ConnectionID, String)
    /// The command in hand has no answer; the connection may give its next line.
    case noReply(ConnectionID)
    /// Writes a line that nobody asked for: `EVENT`, `MAINT_OK`, `SHUTDOWN`, or a late `ERROR` of a maintenance command.
    case event(ConnectionID, String)
    /// Closes the connection once everything written to it has been sent.
    case close(ConnectionID)
    /// Hands the delta to every worker; deltas must take effect in the order of these actions. One without content is a
    /// barrier behind those before it. Answered by ``Registry/published(_:now:)`` once every worker serves it.
    case publish(RoutingDelta, EffectToken)
    /// Tries a backend for BACKEND_TEST, on this path or its root, within 5 s and without following redirects. Answered by
    /// ``Registry/backendTested(_:_:now:)``.
    case testBackend(BackendURL, path: String?, EffectToken)
    /// Tries a backend, twice a second for at most `limit`, until it answers a request at all. Answered by
    /// ``Registry/backendProbed(_:failure:now:)``.
    case probeBackend(BackendURL, limit: Duration, EffectToken)
    /// Reads the statistics of routes. Answered by ``Registry/statisticsRead(_:routes:total:now:)``.
    case queryStatistics([RouteID], EffectToken)
    /// Reads what a session has in flight. Answered by ``Registry/activityRead(_:_:now:)``.
    case queryActivity(SessionKey, EffectToken)
    /// Reads the state of a route's circuit. Answered by ``Registry/circuitRead(_:_:now:)``.
    case queryCircuit(RouteID, EffectToken)
    /// Closes the circuits of these routes. Answered by ``Registry/circuitsReset(_:now:)``.
    case resetCircuits([RouteID], EffectToken)
    /// Logs a line, which the shell prefixes with `[registry] `.
    case log(LogLevel, String)

    /// How much a log line matters.
    public enum LogLevel: Sendable {
        /// Of interest when looking for a fault.
        case debug
        /// The ordinary course of things.
        case info
        /// Somebody should look at it.
        case warning
        /// Something is wrong with the proxy itself.
        case error
    }
}
