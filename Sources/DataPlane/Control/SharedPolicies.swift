import ProxyModel
import Synchronization
import TrafficPolicy

/// What of a route's settings all workers share: state that has to be one, whoever looks at it.
struct RoutePolicies: Sendable {
    var breaker: SharedCircuitBreaker?
    var limiter: SharedRateLimiter?
}

/// The circuit breakers and rate limiters of all active routes, made when a delta brings their settings.
///
/// A breaker belongs to one route. A limiter belongs to what instances of a service register alike (service, domains, path,
/// priority and limit), so that a client's requests are counted once, whichever instance takes them.
final class SharedPolicies: Sendable {
    private struct LimiterKey: Hashable {
        var service: String
        var domains: [DomainPattern]
        var path: RoutePath
        var priority: Int
        var limit: RateLimit
    }

    private struct State {
        var breakers: [RouteID: SharedCircuitBreaker] = [:]
        var limiters: [LimiterKey: (limiter: SharedRateLimiter, users: Int)] = [:]
        var limiterKeys: [RouteID: LimiterKey] = [:]
    }

    private let state = Mutex(State())
    private let seed: UInt64

    init(seed: UInt64) { self.seed = seed }

    /// Brings the shared objects to what the delta says and answers those of its routes that have any. O(delta).
    func update(for delta: RoutingDelta) -> [RouteID: RoutePolicies] {
        state.withLock { state in
            for id in delta.removals {
                state.breakers[id] = nil
                releaseLimiter(of: id, &state)
            }
            var result: [RouteID: RoutePolicies] = [:]
            for definition in delta.upserts {
                let policies = RoutePolicies(
                    breaker: breaker(of: definition, &state), limiter: limiter(of: definition, &state))
                if policies.breaker != nil || policies.limiter != nil { result[definition.id] = policies }
            }
            return result
        }
    }

    /// The state of a route's circuit; nil where it has no breaker.
    func circuitStatus(of route: RouteID) -> CircuitStatus? {
        state.withLock { $0.breakers[route] }?.status
    }

    func resetCircuits(of routes: [RouteID]) {
        let breakers = state.withLock { state in routes.compactMap { state.breakers[$0] } }
        for breaker in breakers { breaker.reset() }
    }

    /// Keeps its state over applies that do not change its settings.
    private func breaker(of definition: RouteDefinition, _ state: inout State) -> SharedCircuitBreaker? {
        guard let settings = definition.settings.circuitBreaker else {
            if !state.breakers.isEmpty { state.breakers[definition.id] = nil }
            return nil
        }
        if let existing = state.breakers[definition.id], existing.settings == settings { return existing }
        let made = SharedCircuitBreaker(settings)
        state.breakers[definition.id] = made
        return made
    }

    private func limiter(of definition: RouteDefinition, _ state: inout State) -> SharedRateLimiter? {
        let key = definition.settings.rateLimit.map {
            LimiterKey(
                service: definition.service, domains: definition.domains.sorted { $0.description < $1.description },
                path: definition.path, priority: definition.priority, limit: $0)
        }
        if state.limiterKeys[definition.id] != key { releaseLimiter(of: definition.id, &state) }
        guard let key else { return nil }
        if state.limiterKeys[definition.id] == nil {
            state.limiterKeys[definition.id] = key
            let made = state.limiters[key]?.limiter ?? SharedRateLimiter(key.limit, seed: seed)
            state.limiters[key, default: (made, 0)].users += 1
        }
        return state.limiters[key]?.limiter
    }

    private func releaseLimiter(of id: RouteID, _ state: inout State) {
        guard !state.limiterKeys.isEmpty, let key = state.limiterKeys.removeValue(forKey: id) else { return }
        state.limiters[key]?.users -= 1
        if state.limiters[key]?.users == 0 { state.limiters[key] = nil }
    }
}

/// A shared object as a worker holds it: one strong reference for as long as the settings live, and calls that count no
/// references, since all workers would write to the same word.
@safe struct Held<Object: AnyObject> {
    private let reference: Unmanaged<Object>?

    /// Nothing is held.
    init() { unsafe reference = nil }

    /// Takes a strong reference, given back by `release()`.
    init(retaining object: Object?) { unsafe reference = object.map { unsafe Unmanaged.passRetained($0) } }

    @inline(__always) var isNone: Bool { unsafe reference == nil }

    /// Calls with the object; only where there is one.
    @inline(__always) func call<Result>(_ body: (Object) -> Result) -> Result? {
        guard let held = unsafe reference else { return nil }
        // Safe because the strong reference outlives the call: only `release()` gives it back.
        return unsafe held._withUnsafeGuaranteedRef { body($0) }
    }

    mutating func release() {
        if let held = unsafe reference {
            // Safe because this balances the retain of `init`, and `self` forgets the reference.
            unsafe held.release()
            self = Held()
        }
    }
}
