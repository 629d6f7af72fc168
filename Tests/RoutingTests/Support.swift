import ProxyModel
import Routing
import Testing

/// A small repeatable series of random numbers (xorshift64*).
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed == 0 ? 1 : seed }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

extension RoutingTable {
    /// Adds a route as the registry writes it.
    @discardableResult
    mutating func add(_ id: UInt64, _ domains: String, _ path: String, priority: Int = 0) throws -> Int32 {
        upsert(
            id: RouteID(number: id), domains: try DomainPattern.parseList(domains), path: try RoutePath(parsing: path),
            priority: priority)
    }

    /// Removes a route and releases its slot.
    mutating func drop(_ id: UInt64) {
        if let slot = remove(id: RouteID(number: id)) { release(slot: slot) }
    }

    func lookup(_ host: String, _ path: String) -> RouteMatch {
        let host = Array(host.utf8)
        let path = Array(path.utf8)
        return lookup(host: host.span, path: path.span)
    }

    /// The ids of the routes that the request is balanced over, `nil` where there is no group.
    func routes(_ host: String, _ path: String) -> [UInt64]? {
        let match = lookup(host, path)
        return match.isGroup ? ids(of: match.group) : nil
    }

    func ids(of group: GroupIndex) -> [UInt64] {
        (0..<memberCount(of: group)).map { id(ofSlot: member($0, of: group)).number }
    }
}
