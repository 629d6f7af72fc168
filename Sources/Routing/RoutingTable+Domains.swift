import ProxyModel

/// A domain as changes look for it.
struct DomainKey {
    let kind: DomainKind
    /// Kind and length of the name.
    let shape: DomainShape
    /// The name as the text arena has it.
    let words: [UInt64]
    /// Labels of the name.
    let labels: Int

    init(_ pattern: DomainPattern) {
        kind =
            switch pattern.kind {
            case .any: .any
            case .wildcard: .wildcard
            case .exact: .exact
            }
        shape = DomainShape(kind, length: pattern.name.utf8.count)
        words = TextWords.words(pattern.name.utf8, settingBits: caseBit)
        labels = 1 + pattern.name.utf8.count { $0 == UInt8(ascii: ".") }
    }
}

/// A path as changes look for it.
struct PathKey {
    /// Bytes of the path.
    let length: Int
    /// The path as the text arena has it.
    let words: [UInt64]
    /// Its segments; 0 for `/`.
    let depth: Int

    /// The path `/`, which is not in the hash table.
    var isRoot: Bool { depth == 0 }

    init(_ path: RoutePath) { self.init(path.text) }

    init(_ text: String) {
        length = text.utf8.count
        words = TextWords.words(text.utf8, settingBits: 0)
        depth = length == 1 ? 0 : text.utf8.count { $0 == UInt8(ascii: "/") }
    }

    func hash(_ hash: TextHash, domain: Int32) -> UInt32 {
        hash.hash(of: words, length: length, scope: pathScope(domain: domain, length: length))
    }
}

extension RoutingTable {
    func isSame(_ key: DomainKey, _ domain: Domain) -> Bool {
        domain.shape == key.shape && isStored(key.words, at: domain.text)
    }

    mutating func findOrMakeDomain(_ key: DomainKey) -> Int32 {
        if key.kind == .any {
            if anyDomain < 0 {
                anyDomain = makeDomain(key)
                hasPatterns = true
            }
            return anyDomain
        }
        let wanted = hash.hash(of: key.words, length: key.shape.length, scope: key.shape.scope)
        var index = domains.first(wanted)
        while index >= 0 {
            let cell = domains.cells[Int(index)]
            if cell.hash == wanted, isSame(key, cell.value) { return index }
            index = cell.next
        }
        index = makeDomain(key)
        domains.link(index, hash: wanted)
        if key.kind == .wildcard { countWildcard(labels: key.labels, by: 1) }
        return index
    }

    private mutating func makeDomain(_ key: DomainKey) -> Int32 {
        let text = key.words.isEmpty ? 0 : store(key.words)
        let index = domains.allocate(Domain(shape: key.shape, text: text))
        if Int(index) == domainUses.count {
            domainUses.append(DomainUse())
        } else {
            domainUses[Int(index)] = DomainUse()
        }
        return index
    }

    /// Removes a domain that has no path any more.
    mutating func removeDomain(_ index: Int32) {
        let record = domains[index]
        if record.shape.kind == .any {
            anyDomain = -1
            hasPatterns = wildcardLabels != 0
        } else {
            domains.unlink(index)
            if record.shape.kind == .wildcard { countWildcard(labels: labels(of: record), by: -1) }
            texts.free(record.text, TextWords.count(bytes: record.shape.length))
        }
        domains.free(index)
    }

    /// Counts a path that the domain did not have.
    mutating func pathAdded(_ domain: Int32, depth: Int) {
        let index = Int(domain)
        domainUses[index].paths[0] += 1
        guard depth > 0 else { return }
        domainUses[index].paths[min(depth, Domain.deepest)] += 1
        domains[domain].depths |= Domain.depthBit(depth)
        domains[domain].maxDepth = max(domains[domain].maxDepth, Int32(depth))
    }

    /// Counts a path that the domain has no more.
    mutating func pathRemoved(_ domain: Int32, depth: Int) {
        let index = Int(domain)
        domainUses[index].paths[0] -= 1
        guard depth > 0 else { return }
        let counted = min(depth, Domain.deepest)
        domainUses[index].paths[counted] -= 1
        guard domainUses[index].paths[counted] == 0 else { return }
        domains[domain].depths &= ~Domain.depthBit(depth)
        // The deepest of the deep ones is not looked for: the bound stays until all of them are gone.
        let remaining = domains[domain].depths
        if remaining & Domain.depthBit(Domain.deepest) == 0 {
            domains[domain].maxDepth = remaining == 0 ? 0 : Int32(31 - remaining.leadingZeroBitCount)
        }
    }

    private mutating func countWildcard(labels: Int, by step: Int32) {
        let bit = min(labels, 63)
        wildcardCounts[bit] += step
        if wildcardCounts[bit] == 0 {
            wildcardLabels &= ~(1 << UInt64(bit))
        } else {
            wildcardLabels |= 1 << UInt64(bit)
        }
        hasPatterns = anyDomain >= 0 || wildcardLabels != 0
    }

    private func labels(of domain: Domain) -> Int {
        var labels = 1
        let start = Int(domain.text)
        for position in start..<start + TextWords.count(bytes: domain.shape.length) {
            labels += marks(of: UInt8(ascii: "."), in: texts[position]).nonzeroBitCount
        }
        return labels
    }
}
