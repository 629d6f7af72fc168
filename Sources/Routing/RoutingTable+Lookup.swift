/// The best of what was found so far.
private struct Best {
    var group: Int32 = -1
    var pathLength: Int32 = 0
    var priority = Int.min

    /// Takes the group unless what was found before has a higher priority or a longer path. Domains are visited from
    /// the least to the most exact, so at the same priority and length the later one wins.
    @inline(__always)
    mutating func offer(_ other: Int32, pathLength length: Int, priority otherPriority: Int) {
        let length = Int32(truncatingIfNeeded: length)
        if otherPriority < priority || (otherPriority == priority && length < pathLength) { return }
        group = other
        pathLength = length
        priority = otherPriority
    }
}

extension RoutingTable {
    /// The group that a request belongs to. Allocates nothing and touches no reference count; O(length of both texts).
    ///
    /// - Parameters:
    ///   - host: As `HTTPWire` hands it out: without port and without a dot at the end, in any case; empty for a
    ///     missing one, which only `*` matches.
    ///   - path: Without query, normalised (dot segments and percent-encoded unreserved characters resolved). One that
    ///     does not begin with `/` (the `*` of OPTIONS, an empty one) is taken for `/`.
    public func lookup(host: Span<UInt8>, path: Span<UInt8>) -> RouteMatch {
        let domain = findDomain(host, .exact)
        if hasPatterns { return lookUpAll(host, path, exact: domain) }
        if domain < 0 { return .unknownHost }
        // The usual case: one domain, and all of its paths are one.
        let record = domains.cells[Int(domain)].value
        if record.depths == 0 { return RouteMatch(group: record.rootGroup, pathLength: 1) }
        return lookUpAll(host, path, exact: domain)
    }

    @inline(never)
    private func lookUpAll(_ host: Span<UInt8>, _ path: Span<UInt8>, exact: Int32) -> RouteMatch {
        var best = Best()
        var isClaimed = exact >= 0
        if anyDomain >= 0 {
            isClaimed = true
            offer(anyDomain, path, &best)
        }
        if wildcardLabels != 0, offerWildcards(host, path, &best) { isClaimed = true }
        if exact >= 0 { offer(exact, path, &best) }
        if best.group >= 0 { return RouteMatch(group: best.group, pathLength: best.pathLength) }
        return isClaimed ? .noPath : .unknownHost
    }

    /// Visits the wildcards that match the host, shorter ones first. Returns whether there is one.
    private func offerWildcards(_ host: Span<UInt8>, _ path: Span<UInt8>, _ best: inout Best) -> Bool {
        // No name is longer, so no longer part of the host can be one.
        let longestName = 253
        var isClaimed = false
        var labels: UInt64 = 0
        var rest = host
        while rest.count > 0 {
            let word = rest.lastWord
            let start = rest.count &- 8
            var dots = marks(of: UInt8(ascii: "."), in: word)
            while dots != 0 {
                let lane = 63 &- dots.leadingZeroBitCount
                dots ^= 1 &<< UInt64(truncatingIfNeeded: lane)
                labels = min(labels &+ 1, 63)
                let wanted = wildcardLabels &>> labels
                let dot = start &+ lane &>> 3
                if dot <= 0 || host.count &- dot &- 1 > longestName { return isClaimed }
                if wanted & 1 == 1 {
                    let domain = findDomain(host.extracting(droppingFirst: dot &+ 1), .wildcard)
                    if domain >= 0 {
                        isClaimed = true
                        offer(domain, path, &best)
                    }
                }
                // No wildcard has more labels (for the last bit some may).
                if wanted <= 1 && labels < 63 { return isClaimed }
            }
            rest = rest.extracting(droppingLast: 8)
        }
        return isClaimed
    }

    /// The domain of this kind with this name, -1 for none.
    @inline(__always)
    private func findDomain(_ name: Span<UInt8>, _ kind: DomainKind) -> Int32 {
        var state = hash.start
        var rest = name
        while rest.count >= 8 {
            state = hash.absorb(rest.firstWord | repeated(caseBit), into: state)
            rest = rest.extracting(droppingFirst: 8)
        }
        let tail = name.tail(settingBits: caseBit)
        let shape = DomainShape(kind, length: name.count)
        let wanted = hash.finish(state, partialWord: tail, scope: shape.scope)
        var index = domains.first(wanted)
        while index >= 0 {
            let cell = domains.cells[Int(index)]
            if cell.hash == wanted && cell.value.shape == shape
                && equals(name, tail, bits: repeated(caseBit), cell.value.text)
            {
                return index
            }
            index = cell.next
        }
        return -1
    }

    /// Whether the text in the arena is this one, of whose words only the last partial one is handed over.
    @inline(__always)
    private func equals(_ name: Span<UInt8>, _ tail: UInt64, bits: UInt64, _ text: Int32) -> Bool {
        var word = Int(text)
        var rest = name
        while rest.count >= 8 {
            if texts[word] != rest.firstWord | bits { return false }
            word &+= 1
            rest = rest.extracting(droppingFirst: 8)
        }
        return rest.count == 0 || texts[word] == tail
    }

    /// Offers what the domain has for the path.
    @inline(__always)
    private func offer(_ index: Int32, _ path: Span<UInt8>, _ best: inout Best) {
        let domain = domains.cells[Int(index)].value
        if domain.rootGroup >= 0 {
            best.offer(domain.rootGroup, pathLength: 1, priority: groups.cells[Int(domain.rootGroup)].value.priority)
        }
        if domain.depths != 0 { offerPrefixes(index, domain.depths, Int(domain.maxDepth), path, &best) }
    }

    /// Offers the groups of the domain for each prefix of the path that ends with a segment, shorter ones first.
    @inline(never)
    private func offerPrefixes(
        _ domain: Int32, _ depths: UInt32, _ maxDepth: Int, _ path: Span<UInt8>, _ best: inout Best
    ) {
        guard path.count > 1, path[0] == UInt8(ascii: "/") else { return }
        var state = hash.start
        var depth = 0
        var position = 0
        var rest = path
        // The first slash ends no segment.
        var isEnd: UInt64 = ~0xFF
        while true {
            let isLast = rest.count < 8
            let word = isLast ? path.tail(settingBits: 0) : rest.firstWord
            var ends = marks(of: UInt8(ascii: "/"), in: word) & isEnd
            // The end of the path ends a segment.
            if isLast { ends |= 0x80 &<< UInt64(truncatingIfNeeded: rest.count &* 8) }
            while ends != 0 {
                let lane = ends.trailingZeroBitCount &>> 3
                ends &= ends &- 1
                depth &+= 1
                if depth > maxDepth { return }
                if depths & Domain.depthBit(depth) == 0 { continue }
                let tail = lowest(lane, of: word)
                let group = findGroup(domain, path.extracting(first: position &+ lane), state, tail)
                if group >= 0 {
                    let priority = groups.cells[Int(group)].value.priority
                    best.offer(group, pathLength: position &+ lane, priority: priority)
                }
            }
            if isLast { return }
            state = hash.absorb(word, into: state)
            position &+= 8
            rest = rest.extracting(droppingFirst: 8)
            isEnd = ~0
        }
    }

    /// The top group of the domain for the path, whose full words are hashed already; -1 for none.
    @inline(__always)
    private func findGroup(_ domain: Int32, _ path: Span<UInt8>, _ state: UInt64, _ tail: UInt64) -> Int32 {
        let scope = pathScope(domain: domain, length: path.count)
        let wanted = hash.finish(state, partialWord: tail, scope: scope)
        var index = groups.first(wanted)
        while index >= 0 {
            let cell = groups.cells[Int(index)]
            if cell.hash == wanted && cell.value.domain == domain
                && cell.value.pathLength == Int32(truncatingIfNeeded: path.count)
                && equals(path, tail, bits: 0, cell.value.path)
            {
                return index
            }
            index = cell.next
        }
        return -1
    }
}
