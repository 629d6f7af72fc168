import CLinux
import HTTPWire
import ProxyModel
import Routing
import TrafficPolicy

extension Worker {
    /// Groups above this size are not looked at whole for each request by p2c: a window at a random place is.
    private static var candidateWindow: Int { 128 }

    /// The runtime of a member of the group, or of the ones of lower priority behind it, that can take a request now; -1
    /// for none. Members at which the exchange has failed before are left out.
    @inline(__always) mutating func choose(_ group: GroupIndex, for exchange: Int32) -> Int32 {
        if exchanges[exchange].failedEndpoint < 0 && routing.memberCount(of: group) == 1 {
            let runtime = routes[routing.member(0, of: group)].runtime
            if runtimes[runtime].maintenance == .off && isReady(runtime) && admit(exchange, runtime) { return runtime }
        }
        return chooseAmong(group, for: exchange)
    }

    /// Nothing at all speaks against a member.
    @inline(__always) private func isReady(_ runtime: Int32) -> Bool {
        let session = runtimes[runtime].session
        return healthEntries[runtimes[runtime].health].isHealthy && sessions[session].isConnected
            && !sessions[session].isDraining && !isEjected(runtimes[runtime].backend)
    }

    @inline(never) private mutating func chooseAmong(_ first: GroupIndex, for exchange: Int32) -> Int32 {
        var group = first
        var lastResort: Int32 = -1
        while true {
            let (runtime, isFit) = chooseInGroup(group, for: exchange)
            if isFit { return runtime }
            abandonAdmission(exchange)
            if lastResort < 0 { lastResort = runtime }
            guard let next = routing.nextLower(group) else { break }
            group = next
        }
        return lastResort >= 0 && admit(exchange, lastResort) ? lastResort : -1
    }

    /// The member that the group's policy takes; not fit where it only has refused connections lately.
    private mutating func chooseInGroup(
        _ group: GroupIndex, for exchange: Int32
    ) -> (runtime: Int32, isFit: Bool) {
        let inMaintenance = fillCandidates(group, for: exchange)
        let leader = routes[routing.member(0, of: group)].runtime
        let source = downstreams[exchanges[exchange].downstream].peer.sourceHash
        var choice = Choice.none
        if exchanges[exchange].stickyKey != 0 {
            choice = LoadBalancer.sticky(candidates.span, key: exchanges[exchange].stickyKey)
        }
        if choice.isNone {
            let number = random.next()
            choice = LoadBalancer.choose(
                runtimes[leader].loadBalancing, from: candidates.span, random: number, source: source)
        }
        while !choice.isNone && !admit(exchange, candidateRuntimes[Int(choice.position)]) {
            // Its circuit is open: the others are asked as if it were not there.
            candidates[Int(choice.position)].fitness = .unusable
            let number = random.next()
            choice = LoadBalancer.choose(
                runtimes[leader].loadBalancing, from: candidates.span, random: number, source: source)
        }
        guard !choice.isNone, candidates[Int(choice.position)].fitness > .ejected || inMaintenance < 0 else {
            // The page of a member in maintenance is better than an error.
            abandonAdmission(exchange)
            return (inMaintenance, inMaintenance >= 0)
        }
        let runtime = candidateRuntimes[Int(choice.position)]
        if runtimes[leader].loadBalancing == .roundRobin { runtimes[runtime].turn = choice.turn }
        return (runtime, candidates[Int(choice.position)].fitness > .ejected)
    }

    /// Asks the member's circuit breaker, where it has one. What it was asked before for this exchange is taken back.
    @inline(__always) private mutating func admit(_ exchange: Int32, _ runtime: Int32) -> Bool {
        if runtimes[runtime].breaker.isNone { return true }
        return askBreaker(exchange, runtime)
    }

    @inline(never) private mutating func askBreaker(_ exchange: Int32, _ runtime: Int32) -> Bool {
        abandonAdmission(exchange)
        let time = MonotonicTime(nanoseconds: now)
        guard let admission = runtimes[runtime].breaker.call({ $0.admit(now: time) }), admission.isAllowed else {
            return false
        }
        exchanges[exchange].admission = admission
        exchanges[exchange].admittedBy = runtime
        return true
    }

    /// Tells the breaker that the answer's head has come, or that the request failed before it.
    @inline(never) mutating func reportToBreaker(_ exchange: Int32, succeeded: Bool) {
        guard let admission = exchanges[exchange].admission else { return }
        exchanges[exchange].admission = nil
        let runtime = exchanges[exchange].admittedBy
        let moment = Moment(
            monotonic: MonotonicTime(nanoseconds: now), wall: WallTime(seconds: apus_wall_seconds()))
        let transition = runtimes[runtime].breaker.call { breaker in
            succeeded ? breaker.requestSucceeded(admission) : breaker.requestFailed(admission, now: moment)
        }
        if let transition, transition != .none {
            shared.report(.circuitChanged(routes[runtimes[runtime].slot].id, isOpen: transition == .opened))
        }
    }

    /// The request ended without saying anything about the backend.
    mutating func abandonAdmission(_ exchange: Int32) {
        guard let admission = exchanges[exchange].admission else { return }
        exchanges[exchange].admission = nil
        _ = runtimes[exchanges[exchange].admittedBy].breaker.call { $0.requestAbandoned(admission) }
    }

    /// Why nobody could take a request that routes match: what the first member says.
    func reasonForNone(_ group: GroupIndex) -> Failure {
        let runtime = routes[routing.member(0, of: group)].runtime
        if runtimes[runtime].isUnspoken { return .backendProtocol }
        if sessions[runtimes[runtime].session].trafficPercent(now) == 0 { return .drained }
        if !healthEntries[runtimes[runtime].health].isHealthy { return .unhealthy }
        if let state = runtimes[runtime].breaker.call({ $0.status.state }), state != .closed { return .circuitOpen }
        return .noneAvailable
    }

    /// Describes the group's members to the balancer. Answers a member in maintenance, which is no candidate, or -1.
    private mutating func fillCandidates(_ group: GroupIndex, for exchange: Int32) -> Int32 {
        candidates.removeAll(keepingCapacity: true)
        candidateRuntimes.removeAll(keepingCapacity: true)
        let count = routing.memberCount(of: group)
        let leader = routes[routing.member(0, of: group)].runtime
        let isWindowed = count > Self.candidateWindow && runtimes[leader].loadBalancing == .p2c
        var position = isWindowed ? Int(random.next(below: UInt32(count))) : 0
        var inMaintenance: Int32 = -1
        for _ in 0..<(isWindowed ? Self.candidateWindow : count) {
            let runtime = routes[routing.member(position, of: group)].runtime
            position = position &+ 1 == count ? 0 : position &+ 1
            if runtimes[runtime].maintenance != .off {
                inMaintenance = runtime
                continue
            }
            candidates.append(candidate(runtime, for: exchange))
            candidateRuntimes.append(runtime)
        }
        return inMaintenance
    }

    private func candidate(_ runtime: Int32, for exchange: Int32) -> Candidate {
        let backend = runtimes[runtime].backend
        let session = runtimes[runtime].session
        let fitness: Candidate.Fitness =
            if !healthEntries[runtimes[runtime].health].isHealthy || runtimes[runtime].isUnspoken
                || hasFailed(exchange, at: backend)
            {
                .unusable
            } else if isEjected(backend) || isDoubtful(backend, for: exchange) {
                .ejected
            } else {
                sessions[session].isConnected ? .ready : .away
            }
        return Candidate(
            key: runtimes[runtime].key, outstanding: backends[backend].outstanding, weight: runtimes[runtime].weight,
            fitness: fitness, trafficPercent: UInt8(truncatingIfNeeded: sessions[session].trafficPercent(now)),
            turn: runtimes[runtime].turn)
    }

    /// The exchange has been at this backend's only address and failed there.
    private func hasFailed(_ exchange: Int32, at backend: Int32) -> Bool {
        let last = exchanges[exchange].failedEndpoint
        guard last >= 0, backends[backend].endpoints.count == 1 else { return false }
        let endpoint = backends[backend].endpoints[0]
        return endpoint == last || endpoint == exchanges[exchange].failedEndpointBefore
    }

    /// Its time of ejection is over, but nobody has reached it since: a request that has failed once is not the one to
    /// try it.
    private func isDoubtful(_ backend: Int32, for exchange: Int32) -> Bool {
        guard exchanges[exchange].failedEndpoint >= 0 else { return false }
        for endpoint in backends[backend].endpoints where endpoints[endpoint].ejection.failures == 0 { return false }
        return true
    }
}

extension Chunk {
    /// The route of a head whose bytes are this chunk's; throws where the path is no path.
    @inline(__always) mutating func findRoute(
        _ head: RequestHead, in routing: inout RoutingTable, _ scratch: inout [UInt8]
    ) throws(HeadError) -> RouteMatch {
        if head.pathNeedsNormalising {
            try normalizePath(head, &scratch)
            return routing.lookup(host: bytes(head.host), path: scratch.span)
        }
        return routing.lookup(host: bytes(head.host), path: bytes(head.path))
    }

    @inline(__always) mutating func normalizePath(
        _ head: RequestHead, _ out: inout [UInt8]
    ) throws(HeadError) {
        try HTTPWire.normalizePath(bytes, head.path, into: &out)
    }

    /// The same of a head that was sent on, which is parsed once more.
    mutating func headPrefersProblemJSON(
        _ head: inout RequestHead, _ headers: inout HeaderTable, _ limits: HeadLimits
    ) -> Bool {
        // Without a whole head there is no preference to follow.
        guard let whole = try? parse(&head, &headers, limits), whole else { return false }
        return head.kinds.contains(.accept) && prefersProblemJSON(headers)
    }

    /// The client asks for JSON and not for HTML.
    @inline(never) mutating func prefersProblemJSON(_ headers: borrowing HeaderTable) -> Bool {
        guard let line = headers.first(.accept) else { return false }
        let value = bytes.extracting(line.value)
        if contains(value, "text/html") { return false }
        return contains(value, "application/json") || contains(value, "application/problem+json")
    }
}

/// Whether `text` (lower-case letters, "/", "-", "+") stands in the bytes, letters compared without case.
private func contains(_ bytes: Span<UInt8>, _ text: String) -> Bool {
    let wanted = Array(text.utf8)
    if bytes.count < wanted.count { return false }
    for start in 0...(bytes.count - wanted.count) {
        var length = 0
        while length < wanted.count && bytes[start + length] | 0x20 == wanted[length] | 0x20 { length += 1 }
        if length == wanted.count { return true }
    }
    return false
}
