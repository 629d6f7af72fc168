import ProxyModel
import Registry

/// What the registry needs from the rest of the proxy: its actions as functions.
public struct RegistryServices: Sendable {
    /// Hands a delta to every worker and calls back, on any thread, once all serve it.
    ///
    /// Called on the registry's event loop in the order in which deltas must take effect; returns at once.
    public var publish: @Sendable (RoutingDelta, _ whenServed: @escaping @Sendable () -> Void) -> Void
    /// Carries out BACKEND_TEST.
    public var testBackend: @Sendable (BackendURL, _ path: String?) async -> BackendTestReport
    /// Asks a backend twice a second, within a limit, until it answers: then `nil`, else why it does not.
    public var probeBackend: @Sendable (BackendURL, _ limit: Duration) async -> String?
    /// Reads the figures of routes, and their totals.
    public var statistics: @Sendable ([RouteID]) async -> (routes: [RouteID: TrafficReport], total: TrafficReport)
    /// Reads what a session has in flight.
    public var activity: @Sendable (SessionKey) async -> ActivityReport
    /// Reads the state of a route's circuit; `nil` where it has none.
    public var circuit: @Sendable (RouteID) async -> CircuitReport?
    /// Closes the circuits of routes.
    public var resetCircuits: @Sendable ([RouteID]) async -> Void

    /// Services by these functions.
    public init(
        publish: @escaping @Sendable (RoutingDelta, _ whenServed: @escaping @Sendable () -> Void) -> Void,
        testBackend: @escaping @Sendable (BackendURL, _ path: String?) async -> BackendTestReport,
        probeBackend: @escaping @Sendable (BackendURL, _ limit: Duration) async -> String?,
        statistics: @escaping @Sendable ([RouteID]) async -> (routes: [RouteID: TrafficReport], total: TrafficReport),
        activity: @escaping @Sendable (SessionKey) async -> ActivityReport,
        circuit: @escaping @Sendable (RouteID) async -> CircuitReport?,
        resetCircuits: @escaping @Sendable ([RouteID]) async -> Void
    ) {
        self.publish = publish
        self.testBackend = testBackend
        self.probeBackend = probeBackend
        self.statistics = statistics
        self.activity = activity
        self.circuit = circuit
        self.resetCircuits = resetCircuits
    }
}
