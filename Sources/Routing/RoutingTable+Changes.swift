import ProxyModel

extension RoutingTable {
    /// Adds a route, or changes how the one with this id is matched.
    ///
    /// O(number and length of its domains, members of its groups). A route that is there already keeps its slot; where
    /// nothing about its matching has changed, it keeps its place in its groups too.
    ///
    /// - Parameter domains: Each is taken once; without any the route matches nothing.
    /// - Returns: The route's slot: a small number that stays the route's own until `release(slot:)`.
    public mutating func upsert(id: RouteID, domains: [DomainPattern], path: RoutePath, priority: Int) -> Int32 {
        let path = PathKey(path)
        var slot = findRoute(id.number)
        if slot < 0 {
            slot = routes.allocate(RouteRecord(id: id.number))
            routes.link(slot, hash: hash.hash(of: id.number))
            count += 1
        } else {
            if isMatched(slot, domains, path, priority) { return slot }
            detach(slot)
        }
        for domain in domains { attach(slot, domain, path, priority) }
        return slot
    }

    /// Takes the route out of matching at once.
    ///
    /// - Returns: Its slot, which no other route gets before `release(slot:)`: requests in flight may still name it.
    ///   `nil` where the route is not in the table.
    public mutating func remove(id: RouteID) -> Int32? {
        let slot = findRoute(id.number)
        guard slot >= 0 else { return nil }
        detach(slot)
        routes.unlink(slot)
        routes[slot].isRemoved = true
        count -= 1
        return slot
    }

    /// Lets the slot of a removed route be used again.
    ///
    /// - Precondition: `remove(id:)` gave this slot, and it was not released since.
    public mutating func release(slot: Int32) {
        precondition(routes[slot].isRemoved, "only the slot of a removed route can be released, and only once")
        routes[slot].isRemoved = false
        routes.free(slot)
    }

    /// Whether the route is in exactly the groups of these domains, in this order.
    private func isMatched(_ slot: Int32, _ domains: [DomainPattern], _ path: PathKey, _ priority: Int) -> Bool {
        let list = routes[slot].groups
        guard Int(list.count) == domains.count else { return false }
        for (position, pattern) in domains.enumerated() {
            let group = groups[lists.element(position, of: list)]
            let key = DomainKey(pattern)
            guard group.priority == priority, isSame(path, group), isSame(key, self.domains[group.domain]) else {
                return false
            }
        }
        return true
    }

    // MARK: Groups

    /// Puts the route into the group of this domain, path and priority, which is made where there is none.
    private mutating func attach(_ slot: Int32, _ pattern: DomainPattern, _ path: PathKey, _ priority: Int) {
        let domain = findOrMakeDomain(DomainKey(pattern))
        let group = findOrMakeGroup(domain, path, priority)
        let members = groups[group].members
        // A domain that is named twice: the route was the last to come.
        if members.count > 0, lists.element(Int(members.count) - 1, of: members) == slot { return }
        lists.append(slot, to: &groups[group].members)
        lists.append(group, to: &routes[slot].groups)
    }

    /// Takes the route out of all its groups.
    private mutating func detach(_ slot: Int32) {
        let list = routes[slot].groups
        for position in 0..<Int(list.count) {
            let group = lists.element(position, of: list)
            lists.remove(slot, from: &groups[group].members)
            if groups[group].members.count == 0 { removeGroup(group) }
        }
        lists.clear(&routes[slot].groups)
    }

    private mutating func findOrMakeGroup(_ domain: Int32, _ path: PathKey, _ priority: Int) -> Int32 {
        let wanted = path.hash(hash, domain: domain)
        let top = findTop(domain, path, wanted)
        if top >= 0, groups[top].priority == priority { return top }
        if top < 0 || groups[top].priority < priority {
            return makeTop(over: top, domain, path, wanted, priority)
        }
        var above = top
        while true {
            let below = groups[above].nextLower
            if below >= 0, groups[below].priority == priority { return below }
            if below < 0 || groups[below].priority < priority {
                let group = makeGroup(domain, path, priority, nextLower: below)
                groups[above].nextLower = group
                return group
            }
            above = below
        }
    }

    /// The group of the highest priority for domain and path, -1 for none.
    private func findTop(_ domain: Int32, _ path: PathKey, _ wanted: UInt32) -> Int32 {
        if path.isRoot { return domains[domain].rootGroup }
        var index = groups.first(wanted)
        while index >= 0 {
            let cell = groups.cells[Int(index)]
            if cell.hash == wanted, cell.value.domain == domain, isSame(path, cell.value) { return index }
            index = cell.next
        }
        return -1
    }

    private mutating func makeTop(
        over old: Int32, _ domain: Int32, _ path: PathKey, _ wanted: UInt32, _ priority: Int
    ) -> Int32 {
        let group = makeGroup(domain, path, priority, nextLower: old)
        if path.isRoot {
            domains[domain].rootGroup = group
        } else if old >= 0 {
            groups.relink(old, to: group)
        } else {
            groups.link(group, hash: wanted)
        }
        if old < 0 { pathAdded(domain, depth: path.depth) }
        return group
    }

    private mutating func makeGroup(
        _ domain: Int32, _ path: PathKey, _ priority: Int, nextLower: Int32
    ) -> Int32 {
        let text = path.isRoot ? -1 : store(path.words)
        return groups.allocate(
            RouteGroup(
                domain: domain, path: text, pathLength: Int32(path.length), nextLower: nextLower, priority: priority))
    }

    /// Removes a group that has no members any more.
    private mutating func removeGroup(_ group: Int32) {
        let record = groups[group]
        let path = PathKey(pathText(of: record))
        let top = findTop(record.domain, path, path.hash(hash, domain: record.domain))
        if top == group {
            removeTop(group, path)
        } else {
            var above = top
            while groups[above].nextLower != group { above = groups[above].nextLower }
            groups[above].nextLower = record.nextLower
        }
        if record.path >= 0 { texts.free(record.path, path.words.count) }
        groups.free(group)
        if domainUses[Int(record.domain)].paths[0] == 0 { removeDomain(record.domain) }
    }

    private mutating func removeTop(_ group: Int32, _ path: PathKey) {
        let record = groups[group]
        if path.isRoot {
            domains[record.domain].rootGroup = record.nextLower
        } else if record.nextLower >= 0 {
            groups.relink(group, to: record.nextLower)
        } else {
            groups.unlink(group)
        }
        if record.nextLower < 0 { pathRemoved(record.domain, depth: path.depth) }
    }

    mutating func store(_ words: [UInt64]) -> Int32 {
        let start = texts.allocate(words.count)
        for (position, word) in words.enumerated() { texts[Int(start) + position] = word }
        return start
    }

    private func isSame(_ key: PathKey, _ group: RouteGroup) -> Bool {
        Int(group.pathLength) == key.length && (group.path < 0 || isStored(key.words, at: group.path))
    }

    func isStored(_ words: [UInt64], at start: Int32) -> Bool {
        for (position, word) in words.enumerated() where texts[Int(start) + position] != word { return false }
        return true
    }
}
