import HTTPWire
import ProxyModel
import Routing
import TrafficPolicy

/// Which member of a group takes a request.
struct Choice {
    /// The runtime of the chosen route, -1 for none.
    var runtime: Int32
    var failure: Failure

    @inline(__always) static func member(_ runtime: Int32) -> Choice {
        Choice(runtime: runtime, failure: .noneAvailable)
    }
}

/// How fit a member is for new requests; the fittest there are get them.
private enum Fitness {
    static let unusable = 0
    /// Its addresses have refused lately: tried only when nothing else is left.
    static let ejected = 1
    /// Drains, and its share is used up: serves on only while there is no other.
    static let draining = 2
    /// In maintenance: its page is better than nothing.
    static let maintenance = 3
    /// The session of its service is not connected.
    static let away = 4
    static let ready = 5
}

extension Worker {
    /// A member of the group, or of the ones of lower priority behind it, that can take a request now.
    @inline(__always) mutating func choose(
        _ group: GroupIndex, excluding endpoint: Int32, for exchange: Int32
    ) -> Choice {
        if endpoint < 0 && routing.memberCount(of: group) == 1 {
            let runtime = routes[routing.member(0, of: group)].runtime
            if fitness(runtime) == Fitness.ready { return .member(runtime) }
        }
        return chooseAmong(group, excluding: endpoint, for: exchange)
    }

    @inline(never) private mutating func chooseAmong(
        _ first: GroupIndex, excluding endpoint: Int32, for exchange: Int32
    ) -> Choice {
        var group = first
        var lastResort: Int32 = -1
        var lastFitness = Fitness.unusable
        while true {
            let (runtime, fitness) = chooseInGroup(group, excluding: endpoint, for: exchange)
            if fitness > Fitness.draining { return .member(runtime) }
            if fitness > Fitness.unusable && fitness > lastFitness {
                lastFitness = fitness
                lastResort = runtime
            }
            guard let next = routing.nextLower(group) else { break }
            group = next
        }
        return lastResort >= 0 ? .member(lastResort) : Choice(runtime: -1, failure: .noneAvailable)
    }

    /// Two members drawn at random among the fittest, the one with less in flight for its weight of them.
    private mutating func chooseInGroup(
        _ group: GroupIndex, excluding endpoint: Int32, for exchange: Int32
    ) -> (runtime: Int32, fitness: Int) {
        let count = routing.memberCount(of: group)
        let drawn = Int(truncatingIfNeeded: random.next() % 100)
        var best = Fitness.unusable
        var weights = 0
        for position in 0..<count {
            let runtime = routes[routing.member(position, of: group)].runtime
            let value = fitness(runtime, excluding: endpoint, drawn: drawn)
            if value > best {
                best = value
                weights = 0
            }
            if value == best { weights &+= Int(runtimes[runtime].weight) }
        }
        if best == Fitness.unusable { return (-1, best) }
        if exchanges[exchange].stickyKey != 0, let kept = keptMember(group, count, endpoint, for: exchange) {
            return (kept, Fitness.ready)
        }
        let first = drawMember(group, count, endpoint, drawn, fitness: best, weights)
        if weights <= Int(runtimes[first].weight) { return (first, best) }
        let second = drawMember(group, count, endpoint, drawn, fitness: best, weights)
        return (lighter(first, second), best)
    }

    /// The member that the client was given before, as long as it serves at all: a drain lets it go on until its end.
    private func keptMember(
        _ group: GroupIndex, _ count: Int, _ endpoint: Int32, for exchange: Int32
    ) -> Int32? {
        for position in 0..<count {
            let runtime = routes[routing.member(position, of: group)].runtime
            if runtimes[runtime].stickyKey == exchanges[exchange].stickyKey
                && fitness(runtime, excluding: endpoint, drawn: 0) >= Fitness.away
            {
                return runtime
            }
        }
        return nil
    }

    /// A member of the wanted fitness, drawn in proportion to the weights.
    private mutating func drawMember(
        _ group: GroupIndex, _ count: Int, _ endpoint: Int32, _ drawn: Int, fitness wanted: Int, _ weights: Int
    ) -> Int32 {
        var mark = weights > 0 ? Int(truncatingIfNeeded: random.next() % UInt64(weights)) : 0
        var last: Int32 = -1
        for position in 0..<count {
            let runtime = routes[routing.member(position, of: group)].runtime
            guard fitness(runtime, excluding: endpoint, drawn: drawn) == wanted else { continue }
            last = runtime
            mark &-= Int(runtimes[runtime].weight)
            if mark < 0 { return runtime }
        }
        return last
    }

    private func lighter(_ a: Int32, _ b: Int32) -> Int32 {
        let loadOfA = Int(backends[runtimes[a].backend].outstanding) * Int(max(runtimes[b].weight, 1))
        let loadOfB = Int(backends[runtimes[b].backend].outstanding) * Int(max(runtimes[a].weight, 1))
        return loadOfB < loadOfA ? b : a
    }

    /// Of a member that is alone in its group: nobody else could take its traffic while it drains.
    @inline(__always) private func fitness(_ runtime: Int32) -> Int {
        fitness(runtime, excluding: -1, drawn: 0)
    }

    /// `drawn` 0...99: a draining member takes the request when its share of traffic is above it.
    @inline(__always) private func fitness(_ runtime: Int32, excluding endpoint: Int32, drawn: Int) -> Int {
        if runtime < 0 { return Fitness.unusable }
        let backend = runtimes[runtime].backend
        if runtimes[runtime].maintenance != .off { return Fitness.maintenance }
        if !healthEntries[runtimes[runtime].health].isHealthy { return Fitness.unusable }
        if isEjected(backend) { return Fitness.ejected }
        if endpoint >= 0 && backends[backend].endpoints.count == 1 && backends[backend].endpoints[0] == endpoint {
            return Fitness.ejected
        }
        let session = runtimes[runtime].session
        if sessions[session].isDraining {
            let share = sessions[session].trafficPercent(now)
            if share == 0 { return Fitness.unusable }
            if drawn >= share { return Fitness.draining }
        }
        return sessions[session].isConnected ? Fitness.ready : Fitness.away
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

    /// The same of a forwarded head, which is parsed once more.
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
