/// The best of what was found so far.
private struct Best {
    var group: Int32 = -1
    var pathLength: Int32 = 0
    var priority = Int.min
    /// Whether a domain of the table matches the host.
    var isClaimed = false

    /// Takes the group unless what was found before has a higher priority or a longer path. Domains are visited from
    /// the least to the most exact, so at the same priority and length the later one wins.
    @inline(__always)
    mutating func offer(_ other: Int32, pathLength length: Int32, priority otherPriority: Int) {
        if group >= 0 {
            if otherPriority < priority { return }
            if otherPriority == priority && length < pathLength { return }
        }
        group = other
        pathLength = length
        priority = otherPriority
    }
}

extension RoutingTable {
    /// Hosts that are longer match only `*`: no name of the DNS is.
    private static let longestHost = 255

    /// The group that a request belongs to. Allocates nothing and touches no reference count; O(length of both texts).
    ///
    /// - Parameters:
    ///   - host: Without port, in any case, valid as `HTTPWire` hands it out; a dot at the end is not looked at; empty
    ///     for a missing one, which only `*` matches.
    ///   - path: Without query, normalised (dot segments and percent-encoded unreserved characters resolved). One that
    ///     does not begin with `/` (the `*` of OPTIONS, an empty one) is taken for `/`.
    public func lookup(host: Span<UInt8>, path: Span<UInt8>) -> RouteMatch {
        var best = Best()
        if anyDomain >= 0 { offer(anyDomain, path, &best) }
        var length = host.count
        if length > 0 && host[length &- 1] == UInt8(ascii: ".") { length &-= 1 }
        if length > 0 && length <= Self.longestHost {
            if wildcardLabels != 0 { offerWildcards(host, length, path, &best) }
            let domain = findDomain(host, from: 0, to: length, kind: .exact)
            if domain >= 0 { offer(domain, path, &best) }
        }
        if best.group >= 0 { return RouteMatch(group: best.group, pathLength: best.pathLength) }
        return best.isClaimed ? .noPath : .unknownHost
    }

    /// Visits the wildcards that match the host, shorter ones first.
    @inline(never)
    private func offerWildcards(_ host: Span<UInt8>, _ length: Int, _ path: Span<UInt8>, _ best: inout Best) {
        var labels = 0
        var end = length
        while end > 0 {
            let start = max(end &- 8, 0)
            let chunk = end &- start == 8 ? host.word(at: start) : host.partialWord(at: start, length: end &- start)
            var dots = marks(of: UInt8(ascii: "."), in: chunk)
            while dots != 0 {
                let lane = 63 &- dots.leadingZeroBitCount
                dots ^= 1 &<< UInt64(truncatingIfNeeded: lane)
                let dot = start &+ lane &>> 3
                labels &+= 1
                let isDeep = labels >= 63
                if wildcardLabels &>> UInt64(truncatingIfNeeded: isDeep ? 63 : labels) == 0 { return }
                guard wildcardLabels &>> UInt64(truncatingIfNeeded: isDeep ? 63 : labels) & 1 == 1, dot > 0 else {
                    continue
                }
                let domain = findDomain(host, from: dot &+ 1, to: length, kind: .wildcard)
                if domain >= 0 { offer(domain, path, &best) }
            }
            end = start
        }
    }

    /// The domain of this kind whose name is that part of the host, -1 for none.
    @inline(__always)
    private func findDomain(_ host: Span<UInt8>, from start: Int, to end: Int, kind: DomainKind) -> Int32 {
        let length = end &- start
        var state = hash.start
        var position = start
        while position &+ 8 <= end {
            state = hash.absorb(host.word(at: position) | repeated(caseBit), into: state)
            position &+= 8
        }
        let rest = end &- position
        let tail = lowest(rest, of: host.partialWord(at: position, length: rest) | repeated(caseBit))
        let wanted = hash.finish(state, partialWord: tail, length: length, scope: Int32(kind.rawValue))
        var index = domains.first(wanted)
        while index >= 0 {
            let cell = domains.cells[Int(index)]
            if cell.hash == wanted && cell.value.length == Int32(truncatingIfNeeded: length)
                && cell.value.kind == kind
                && equals(host, from: start, length, tail, bits: repeated(caseBit), cell.value.text)
            {
                return index
            }
            index = cell.next
        }
        return -1
    }

    /// Whether the text in the arena is this part of the span; what is left after full words is in `tail`.
    @inline(__always)
    private func equals(
        _ span: Span<UInt8>, from start: Int, _ length: Int, _ tail: UInt64, bits: UInt64, _ text: Int32
    ) -> Bool {
        var word = Int(text)
        var position = start
        let end = start &+ (length & ~7)
        while position < end {
            if texts[word] != span.word(at: position) | bits { return false }
            word &+= 1
            position &+= 8
        }
        return length & 7 == 0 || texts[word] == tail
    }

    /// Offers what the domain has for the path.
    @inline(__always)
    private func offer(_ index: Int32, _ path: Span<UInt8>, _ best: inout Best) {
        let domain = domains.cells[Int(index)].value
        best.isClaimed = true
        if domain.rootGroup >= 0 {
            best.offer(domain.rootGroup, pathLength: 1, priority: groups.cells[Int(domain.rootGroup)].value.priority)
        }
        if domain.depths != 0 { offerPrefixes(index, domain.depths, domain.maxDepth, path, &best) }
    }

    /// Offers the groups of the domain for each prefix of the path that ends with a segment, shorter ones first.
    @inline(never)
    private func offerPrefixes(
        _ domain: Int32, _ depths: UInt8, _ maxDepth: Int32, _ path: Span<UInt8>, _ best: inout Best
    ) {
        let count = path.count
        guard count > 1, path[0] == UInt8(ascii: "/") else { return }
        var state = hash.start
        var depth = 0
        var position = 0
        while true {
            let rest = count &- position
            let word = rest >= 8 ? path.word(at: position) : path.partialWord(at: position, length: rest)
            var ends = marks(of: UInt8(ascii: "/"), in: word)
            // The first slash ends no segment; the end of the path does.
            if position == 0 { ends &= ~0xFF }
            if rest < 8 { ends |= 0x80 &<< UInt64(truncatingIfNeeded: rest &* 8) }
            while ends != 0 {
                let lane = ends.trailingZeroBitCount &>> 3
                ends &= ends &- 1
                depth &+= 1
                if depth > Int(maxDepth) { return }
                if depths & Domain.depthBit(depth) == 0 { continue }
                let length = position &+ lane
                let tail = lowest(lane, of: word)
                let wanted = hash.finish(state, partialWord: tail, length: length, scope: domain)
                let group = findGroup(domain, wanted, path, length, tail)
                if group >= 0 {
                    best.offer(
                        group, pathLength: Int32(truncatingIfNeeded: length),
                        priority: groups.cells[Int(group)].value.priority)
                }
            }
            if rest < 8 { return }
            state = hash.absorb(word, into: state)
            position &+= 8
        }
    }

    /// The top group of the domain for the first `length` bytes of the path, -1 for none.
    @inline(__always)
    private func findGroup(
        _ domain: Int32, _ wanted: UInt32, _ path: Span<UInt8>, _ length: Int, _ tail: UInt64
    ) -> Int32 {
        var index = groups.first(wanted)
        while index >= 0 {
            let cell = groups.cells[Int(index)]
            if cell.hash == wanted && cell.value.domain == domain
                && cell.value.pathLength == Int32(truncatingIfNeeded: length)
                && equals(path, from: 0, length, tail, bits: 0, cell.value.path)
            {
                return index
            }
            index = cell.next
        }
        return -1
    }
}
