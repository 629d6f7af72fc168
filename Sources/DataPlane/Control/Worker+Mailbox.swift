import CLinux
import ProxyModel
import Routing
import TrafficPolicy

/// A host name: its addresses as the resolver last told them, and the backends (ports) that live there.
struct HostEntry {
    var addresses: [IPAddress] = []
    var failure: String?
    var backends: [Int32] = []
}

/// What the control plane tells and asks.
extension Worker {
    @inline(never) mutating func readMailbox() {
        for message in mailbox.takeAll() {
            switch message {
            case .apply(let delta, let policies, let done):
                apply(delta, policies)
                done()
            case .addresses(let addresses, let failure, let host, let done):
                setAddresses(addresses, failure, of: host)
                done()
            case .health(let isHealthy, let backend, let settings, let done):
                let key = HealthKey(backend: backend, settings: settings)
                if let index = healthIndexes[key] { healthEntries[index].isHealthy = isHealthy }
                done()
            case .readStatistics(let ids, let done):
                done(ids.compactMap { id in routing.slot(of: id).map { (id, routes[$0].statistics) } })
            case .readActivity(let key, let done):
                done(activity(of: key))
            case .readTotals(let done):
                done(currentTotals())
            case .shutdown(let deadline):
                beginShutdown(deadline)
            }
        }
    }

    private func activity(of key: SessionKey) -> SessionActivity {
        var result = SessionActivity()
        guard let index = sessionIndexes[key] else { return result }
        result.inFlight = Int(sessions[index].inFlight)
        let last = sessions[index].lastRequestAt
        result.lastRequestAt = last == 0 ? nil : MonotonicTime(nanoseconds: last)
        return result
    }

    private func currentTotals() -> DataPlaneTotals {
        var result = totals
        result.connectionsOpen = downstreams.count
        result.exchangesInFlight = exchanges.count
        result.upstreamsOpen = upstreams.count
        return result
    }

    // MARK: routes

    private mutating func apply(_ delta: RoutingDelta, _ policies: [RouteID: RoutePolicies]) {
        for state in delta.sessions {
            let index = sessionIndex(state.key)
            sessions[index].set(state)
        }
        for id in delta.removals { removeRoute(id) }
        for definition in delta.upserts { setRoute(definition, policies[definition.id]) }
        for key in delta.endedSessions {
            guard let index = sessionIndexes.removeValue(forKey: key) else { continue }
            sessions[index].isEnded = true
            releaseSessionIfUnused(index)
        }
    }

    private mutating func sessionIndex(_ key: SessionKey) -> Int32 {
        if let index = sessionIndexes[key] { return index }
        guard let index = sessions.allocate() else { preconditionFailure("the registry bounds its sessions") }
        sessions[index].open(key)
        sessionIndexes[key] = index
        return index
    }

    private mutating func setRoute(_ definition: RouteDefinition, _ policies: RoutePolicies?) {
        let slot = routing.upsert(
            id: definition.id, domains: definition.domains, path: definition.path, priority: definition.priority)
        while routes.initialized <= Int(slot) { _ = routes.allocate() }
        if routes[slot].id != definition.id || routes[slot].runtime < 0 {
            routes[slot].id = definition.id
            routes[slot].statistics = RouteStatistics()
        }
        guard let runtime = runtimes.allocate() else { preconditionFailure("the registry bounds its routes") }
        let before = routes[slot].runtime
        runtimes[runtime].open(definition, timeouts, shared.configuration)
        runtimes[runtime].texts = textsIndex(definition)
        runtimes[runtime].breaker = Held(retaining: policies?.breaker)
        runtimes[runtime].limiter = Held(retaining: policies?.limiter)
        runtimes[runtime].slot = slot
        runtimes[runtime].session = sessionIndex(definition.session)
        sessions[runtimes[runtime].session].references += 1
        runtimes[runtime].backend = backendIndex(definition.target)
        backends[runtimes[runtime].backend].references += 1
        runtimes[runtime].health = healthIndex(
            HealthKey(backend: definition.backend, settings: definition.settings.healthCheck))
        healthEntries[runtimes[runtime].health].references += 1
        routes[slot].runtime = runtime
        routes[slot].runtimes += 1
        if before >= 0 { retire(before) }
    }

    private mutating func removeRoute(_ id: RouteID) {
        guard let slot = routing.remove(id: id) else { return }
        let runtime = routes[slot].runtime
        routes[slot].runtime = -1
        if runtime >= 0 { retire(runtime) }
    }

    /// No new request gets these settings; they end with the last exchange that has them.
    private mutating func retire(_ runtime: Int32) {
        runtimes[runtime].isRetired = true
        if runtimes[runtime].inFlight == 0 { releaseRuntime(runtime) }
    }

    mutating func releaseRuntime(_ runtime: Int32) {
        let slot = runtimes[runtime].slot
        let session = runtimes[runtime].session
        let backend = runtimes[runtime].backend
        let health = runtimes[runtime].health
        releaseTexts(runtimes[runtime].texts)
        runtimes[runtime].breaker.release()
        runtimes[runtime].limiter.release()
        runtimes.free(runtime)
        routes[slot].runtimes -= 1
        if routes[slot].runtimes == 0 && routes[slot].runtime < 0 { routing.release(slot: slot) }
        sessions[session].references -= 1
        if sessions[session].isEnded { releaseSessionIfUnused(session) }
        backends[backend].references -= 1
        if backends[backend].references == 0 { releaseBackend(backend) }
        healthEntries[health].references -= 1
        if healthEntries[health].references == 0 { releaseHealthEntry(health) }
    }

    private mutating func healthIndex(_ key: HealthKey) -> Int32 {
        if let index = healthIndexes[key] { return index }
        guard let index = healthEntries.allocate() else { preconditionFailure("the registry bounds its routes") }
        healthEntries[index].key = key
        healthEntries[index].isHealthy = true
        healthEntries[index].references = 0
        healthIndexes[key] = index
        return index
    }

    private mutating func releaseHealthEntry(_ index: Int32) {
        if let key = healthEntries[index].key { healthIndexes[key] = nil }
        healthEntries[index].key = nil
        healthEntries.free(index)
    }

    mutating func releaseSessionIfUnused(_ index: Int32) {
        guard sessions[index].references == 0, sessions[index].inFlight == 0, !sessions[index].isFree else { return }
        sessions[index].isFree = true
        sessions.free(index)
    }

    // MARK: backends

    private mutating func backendIndex(_ url: BackendURL) -> Int32 {
        let key = BackendKey(url)
        if let index = backendIndexes[key] {
            // A service that names its backend is up again: what it did not answer before is forgotten.
            for endpoint in backends[index].endpoints { endpoints[endpoint].ejection = EjectionState() }
            return index
        }
        guard let index = backends.allocate() else { preconditionFailure("the registry bounds its routes") }
        backends[index].open(key)
        backendIndexes[key] = index
        if let address = url.address {
            connectTo([address], failure: nil, backend: index)
        } else {
            let known = hosts[key.host] ?? HostEntry()
            hosts[key.host, default: HostEntry()].backends.append(index)
            connectTo(known.addresses, failure: known.failure, backend: index)
        }
        return index
    }

    private mutating func setAddresses(_ addresses: [IPAddress], _ failure: String?, of host: String) {
        let backends = hosts[host]?.backends ?? []
        if addresses.isEmpty && failure == nil && backends.isEmpty {
            hosts[host] = nil
            return
        }
        hosts[host, default: HostEntry()].addresses = addresses
        hosts[host, default: HostEntry()].failure = failure
        for index in backends { connectTo(addresses, failure: failure, backend: index) }
    }

    /// Makes the backend's endpoints those of the addresses, keeping the ones that stay. When a name stops resolving the
    /// last known addresses are kept: a resolver's failure is no reason to stop serving.
    private mutating func connectTo(_ addresses: [IPAddress], failure: String?, backend: Int32) {
        backends[backend].resolutionFailure = failure
        if addresses.isEmpty { return }
        var kept: [Int32] = []
        for address in addresses {
            guard isAllowed(address) else {
                backends[backend].resolutionFailure = "its address \(address) is denied"
                if let key = backends[backend].key {
                    shared.report(.backendDenied(host: key.host, address: address))
                }
                continue
            }
            if let existing = backends[backend].endpoints.first(where: { endpoints[$0].address.address == address }) {
                if !kept.contains(existing) { kept.append(existing) }
            } else if let port = backends[backend].key?.port, let made = endpoints.allocate() {
                endpoints[made].open(
                    backend: backend,
                    address: PeerAddress(high: address.high, low: address.low, isIPv4: address.isIPv4), port: port)
                kept.append(made)
            }
        }
        let gone = backends[backend].endpoints.filter { !kept.contains($0) }
        backends[backend].endpoints = kept
        for endpoint in gone { retireEndpoint(endpoint) }
    }

    private func isAllowed(_ address: IPAddress) -> Bool {
        let configuration = shared.configuration
        if configuration.deniedBackends.contains(where: { $0.contains(address) }) { return false }
        return configuration.allowedBackends.isEmpty
            || configuration.allowedBackends.contains { $0.contains(address) }
    }

    private mutating func retireEndpoint(_ endpoint: Int32) {
        endpoints[endpoint].isRetired = true
        if endpoints[endpoint].connections == 0 {
            releaseEndpoint(endpoint)
            return
        }
        // The entry goes with its last connection, which may be one of these.
        while endpoints[endpoint].connections > 0 && endpoints[endpoint].idle >= 0 {
            closeUpstream(endpoints[endpoint].idle)
        }
    }

    mutating func releaseEndpoint(_ endpoint: Int32) {
        guard endpoints[endpoint].backend >= 0 else { return }
        endpoints[endpoint].backend = -1
        endpoints.free(endpoint)
    }

    private mutating func releaseBackend(_ backend: Int32) {
        if let key = backends[backend].key {
            backendIndexes[key] = nil
            hosts[key.host]?.backends.removeAll { $0 == backend }
        }
        let gone = backends[backend].endpoints
        backends[backend].endpoints = []
        backends[backend].key = nil
        for endpoint in gone { retireEndpoint(endpoint) }
        backends.free(backend)
    }

    // MARK: the end

    private mutating func beginShutdown(_ deadline: MonotonicTime) {
        stopDeadline = deadline.nanoseconds
        // What the kernel has accepted for us is served before the listeners go.
        for listener in 0..<listeners.count { acceptWaiting(listener) }
        closeListeners()
        // Idle connections get a moment: a request that is on its way is still answered, with "Connection: close".
        for index in 0..<Int32(downstreams.initialized)
        where downstreams[index].phase == .reading && downstreams[index].input.isEmpty {
            downstreamTimers.set(index, min(now &+ Self.idleGrace, stopDeadline))
        }
    }

    /// How long an idle connection may still bring a request once the worker stops.
    static var idleGrace: UInt64 { 1_000_000_000 }
}
