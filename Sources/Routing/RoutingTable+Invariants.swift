extension RoutingTable {
    /// Stops the process where the parts of the table contradict each other. For tests; O(size of the table).
    public func checkInvariants() {
        checkPool(domains, named: "domain")
        checkPool(groups, named: "group")
        checkPool(routes, named: "route")
        precondition(routes.linkedCount == count, "the table finds as many routes as it has")
        let liveGroups = checkRoutes()
        checkDomains(liveGroups)
        checkTexts(liveGroups)
    }

    /// Each chain holds records of its bucket only, and all together are the linked ones.
    private func checkPool<Value>(_ pool: borrowing HashedPool<Value>, named name: String) {
        var linked = 0
        for bucket in pool.buckets.indices {
            var index = pool.buckets[bucket]
            while index >= 0 {
                let hash = pool.cells[Int(index)].hash
                precondition(pool.first(hash) == pool.buckets[bucket], "a \(name) is in the chain of its hash")
                linked += 1
                precondition(linked <= pool.count, "the \(name) chains have no circle")
                index = pool.cells[Int(index)].next
            }
        }
        precondition(linked == pool.linkedCount, "the \(name) chains hold all linked records")
    }

    /// Routes and groups name each other. Returns the groups in use.
    private func checkRoutes() -> Set<Int32> {
        var membership: [Int32: [Int32]] = [:]
        for slot in liveRoutes() {
            precondition(findRoute(routes[slot].id) == slot, "a route is found by its id")
            for group in groups(ofSlot: slot) { membership[group, default: []].append(slot) }
        }
        for (group, slots) in membership {
            let members = (0..<memberCount(of: group)).map { member($0, of: group) }
            precondition(members.sorted() == slots.sorted(), "a group has exactly the routes that are in it")
            precondition(Set(members).count == members.count, "a group has each route once")
        }
        precondition(membership.count == groups.count, "no group is empty")
        return Set(membership.keys)
    }

    private func liveRoutes() -> [Int32] {
        var slots: [Int32] = []
        for bucket in routes.buckets.indices {
            var index = routes.buckets[bucket]
            while index >= 0 {
                slots.append(index)
                index = routes.cells[Int(index)].next
            }
        }
        return slots
    }

    /// What domains know of their paths is true.
    private func checkDomains(_ liveGroups: Set<Int32>) {
        var depths: [Int32: [Int]] = [:]
        let lower = Set(liveGroups.map { groups[$0].nextLower }.filter { $0 >= 0 })
        precondition(lower.isSubset(of: liveGroups), "a lower group is in use")
        for group in liveGroups {
            let record = groups[group]
            if record.nextLower >= 0 {
                let next = groups[record.nextLower]
                precondition(next.priority < record.priority, "groups are ordered by priority")
                precondition(
                    next.domain == record.domain && pathText(of: next) == pathText(of: record),
                    "the lower group has the same domain and path")
            }
            let depth = PathKey(pathText(of: record)).depth
            if depth == 0, !lower.contains(group) {
                precondition(domains[record.domain].rootGroup == group, "a domain knows its group for /")
            }
            if !lower.contains(group) { depths[record.domain, default: []].append(depth) }
        }
        precondition(depths.count == domains.count, "no domain is without a path")
        for (index, depths) in depths { checkUse(index, depths) }
        precondition(
            domains.linkedCount == domains.count - (anyDomain >= 0 ? 1 : 0), "all domains but * are in the hash table")
    }

    private func checkUse(_ index: Int32, _ depths: [Int]) {
        let use = domainUses[Int(index)].paths
        let domain = domains[index]
        precondition(Int(use[0]) == depths.count, "a domain counts its paths")
        precondition(depths.contains(0) == (domain.rootGroup >= 0), "a domain has a group for / or not")
        precondition(depths.allSatisfy { $0 <= Int(domain.maxDepth) }, "no path is deeper than the bound")
        for depth in 1...Domain.deepest {
            let found = depths.count { min($0, Domain.deepest) == depth }
            precondition(Int(use[depth]) == found, "a domain counts its paths by depth")
            precondition((domain.depths & Domain.depthBit(depth) != 0) == (found > 0), "a domain knows its depths")
        }
    }

    /// The arenas account for every element.
    private func checkTexts(_ liveGroups: Set<Int32>) {
        precondition(texts.used + texts.free == texts.elements.count, "the text arena loses nothing")
        precondition(lists.arena.used + lists.arena.free == lists.arena.elements.count, "the lists lose nothing")
        if count == 0 {
            precondition(texts.used == 0 && lists.arena.used == 0, "an empty table uses no blocks")
            precondition(wildcardLabels == 0 && anyDomain == -1, "an empty table has no domains")
        }
    }
}
