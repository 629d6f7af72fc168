import ProxyModel

/// Which group of routes a request belongs to, by host and path.
///
/// One worker owns one table and changes it between two requests. All of it are flat arrays of integers that name each
/// other by index, so a lookup reads a few cache lines and touches no reference count.
///
/// Among all routes whose domain and path match, the one with the highest priority wins, then the one with the longest
/// path, then the one with the more exact domain (exact, then the longer wildcard, then the shorter, then `*`). Routes
/// with the same domain, path and priority form one group.
///
/// How it is found:
/// - Domains are in a hash table. A host costs one probe for its exact name, and one for each number of labels that
///   some wildcard has.
/// - A domain knows its group for `/` and how many segments its paths have. Where it has only `/`, the path is not even
///   looked at. Else one pass over the path hashes it and probes for (domain, prefix) at the ends of those segments.
/// - A group points to the one with the next lower priority, for when none of its members can take a request.
///
/// A change costs its own size, at 100 routes as at 100,000: no table is ever rebuilt and no text ever moves. Only the
/// arrays themselves are copied by Swift when they outgrow what `init` has reserved.
public struct RoutingTable: ~Copyable {
    var domains = HashedPool<Domain>()
    /// At the index of a domain: what only changes need.
    var domainUses: [DomainUse] = []
    /// The domain `*`, -1 where no route has it.
    var anyDomain: Int32 = -1
    /// Bit n: there are wildcards with n labels below the asterisk (63: or more).
    var wildcardLabels: UInt64 = 0
    /// How many wildcards there are for each bit.
    var wildcardCounts = [Int32](repeating: 0, count: 64)
    /// Whether more than one domain can match a host.
    var hasPatterns = false
    @usableFromInline var groups = HashedPool<RouteGroup>()
    var routes = HashedPool<RouteRecord>()
    /// The members of groups and the groups of routes.
    @usableFromInline var lists = IndexLists()
    /// Names of domains and paths.
    var texts = BlockArena<UInt64>()
    let hash: TextHash
    /// Routes that take part in matching.
    public internal(set) var count = 0

    /// An empty table.
    ///
    /// - Parameters:
    ///   - seed: Keys the hashes; from a random source that clients cannot know (hash flooding).
    ///   - expectedRoutes: Address space (some 200 bytes each) is reserved for so many routes with one domain: up to
    ///     there no change pays for growth. Memory is used only as far as there are routes.
    public init(seed: UInt64 = 0, expectedRoutes: Int = 131_072) {
        hash = TextHash(seed: seed)
        if expectedRoutes > 0 { reserve(expectedRoutes) }
    }

    private mutating func reserve(_ routeCount: Int) {
        domains.reserve(routeCount)
        domainUses.reserveCapacity(routeCount)
        groups.reserve(routeCount)
        routes.reserve(routeCount)
        lists.reserve(routeCount)
        texts.reserve(routeCount * 6)
    }

    /// The slot of the route, `nil` where it is not in the table.
    public func slot(of id: RouteID) -> Int32? {
        let slot = findRoute(id.number)
        return slot >= 0 ? slot : nil
    }

    /// One more than the highest slot that was ever given out.
    public var slotBound: Int { routes.cells.count }

    /// How many routes the group has.
    @inlinable
    @inline(__always)
    public func memberCount(of group: GroupIndex) -> Int {
        Int(groups.cells[Int(group)].value.members.count)
    }

    /// The slot of the group's member at `position`, in the order in which they came.
    @inlinable
    @inline(__always)
    public func member(_ position: Int, of group: GroupIndex) -> Int32 {
        lists.element(position, of: groups.cells[Int(group)].value.members)
    }

    /// The group of the same domain and path with the next lower priority: what is tried when no member of `group` can
    /// take a request.
    @inlinable
    @inline(__always)
    public func nextLower(_ group: GroupIndex) -> GroupIndex? {
        let next = groups.cells[Int(group)].value.nextLower
        return next >= 0 ? next : nil
    }

    /// The group in words.
    public func describe(_ group: GroupIndex) -> GroupDescription {
        let record = groups[group]
        return GroupDescription(
            domain: name(of: record.domain), path: pathText(of: record), priority: record.priority)
    }

    /// The groups that the route in this slot is in, in the order of its domains.
    public func groups(ofSlot slot: Int32) -> [GroupIndex] {
        let list = routes[slot].groups
        return (0..<Int(list.count)).map { lists.element($0, of: list) }
    }

    /// The id of the route in this slot.
    public func id(ofSlot slot: Int32) -> RouteID {
        RouteID(number: routes[slot].id)
    }

    func findRoute(_ number: UInt64) -> Int32 {
        var index = routes.first(hash.hash(of: number))
        while index >= 0, routes[index].id != number { index = routes.cells[Int(index)].next }
        return index
    }

    /// The domain's pattern as the registry writes it.
    func name(of domain: Int32) -> String {
        let record = domains[domain]
        let bytes = text(record.text, length: Int32(record.shape.length)).map { byte in
            // The only bytes of names that the case bit changes and that are no letters.
            switch byte {
            case UInt8(ascii: "_") | caseBit: UInt8(ascii: "_")
            case UInt8(ascii: "[") | caseBit: UInt8(ascii: "[")
            case UInt8(ascii: "]") | caseBit: UInt8(ascii: "]")
            default: byte
            }
        }
        let name = String(decoding: bytes, as: UTF8.self)
        switch record.shape.kind {
        case .any: return "*"
        case .wildcard: return "*." + name
        case .exact: return name
        }
    }

    func pathText(of group: RouteGroup) -> String {
        group.path < 0 ? "/" : String(decoding: text(group.path, length: group.pathLength), as: UTF8.self)
    }

    private func text(_ start: Int32, length: Int32) -> [UInt8] {
        let end = Int(start) + TextWords.count(bytes: Int(length))
        return length == 0 ? [] : TextWords.bytes(texts.elements[Int(start)..<end], length: Int(length))
    }
}
