import ProxyModel
import RegistryProtocol

/// Routes by id, each in a box of its own: a dictionary keeps up to two free places for each used one, and those are
/// eight bytes here in place of a whole route.
struct RouteTable: Sequence, Sendable {
    private indirect enum Box: Sendable {
        case route(RouteSpecification)

        var route: RouteSpecification {
            switch self {
            case .route(let route): route
            }
        }
    }

    private var boxes: [RouteID: Box] = [:]

    /// A table without routes.
    init() {}

    /// The number of routes.
    var count: Int { boxes.count }
    /// Whether there are none.
    var isEmpty: Bool { boxes.isEmpty }
    /// The ids, in no order.
    var keys: some Collection<RouteID> { boxes.keys }

    /// The route of this id.
    subscript(id: RouteID) -> RouteSpecification? {
        get { boxes[id]?.route }
        set { boxes[id] = newValue.map { .route($0) } }
    }

    /// Puts a route in and returns the one that it takes the place of.
    mutating func updateValue(_ route: RouteSpecification, forKey id: RouteID) -> RouteSpecification? {
        boxes.updateValue(.route(route), forKey: id)?.route
    }

    /// Goes through the routes in no order.
    func makeIterator() -> some IteratorProtocol<(key: RouteID, value: RouteSpecification)> {
        boxes.lazy.map { (key: $0.key, value: $0.value.route) }.makeIterator()
    }
}
