import ProxyModel
import Registry
import RegistryServer
import Synchronization

/// Stands for the rest of the proxy: takes deltas, and serves them when the test says so.
final class FakeServices: Sendable {
    private struct State {
        var deltas: [RoutingDelta] = []
        var held: [@Sendable () -> Void] = []
        var holds = false
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Deltas in the order in which they were published.
    var deltas: [RoutingDelta] { state.withLock { $0.deltas } }

    /// From now on deltas are served only after ``release()``.
    func hold() {
        state.withLock { $0.holds = true }
    }

    /// Serves what was held back, and all that comes.
    func release() {
        let held = state.withLock { state in
            defer { (state.held, state.holds) = ([], false) }
            return state.held
        }
        for served in held { served() }
    }

    /// Returns when this many deltas have been published.
    func published(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.deltas.count < count { state.waiters.append((count, continuation)) }
                return state.deltas.count >= count
            }
            if isThere { continuation.resume() }
        }
    }

    private func publish(_ delta: RoutingDelta, _ whenServed: @escaping @Sendable () -> Void) {
        let (isHeld, waiters) = state.withLock { state in
            state.deltas.append(delta)
            if state.holds { state.held.append(whenServed) }
            let ready = state.waiters.filter { $0.count <= state.deltas.count }
            state.waiters.removeAll { $0.count <= state.deltas.count }
            return (state.holds, ready)
        }
        if !isHeld { whenServed() }
        for waiter in waiters { waiter.continuation.resume() }
    }

    /// As the server takes them.
    var services: RegistryServices {
        RegistryServices(
            publish: { self.publish($0, $1) },
            testBackend: { backend, _ in
                backend.host == "127.0.0.1"
                    ? .reachable(responseTime: .milliseconds(3), statusCode: 204, tlsValid: nil)
                    : .unreachable(reason: "connection refused")
            },
            probeBackend: { _, _ in nil },
            statistics: { routes in
                (Dictionary(uniqueKeysWithValues: routes.map { ($0, TrafficReport(requests: 7)) }), TrafficReport())
            },
            activity: { _ in ActivityReport(inFlight: 0, webSockets: 0) },
            circuit: { _ in CircuitReport() },
            resetCircuits: { _ in })
    }
}
