/// How a domain matches.
enum DomainKind: Int32 {
    case any = 0
    case wildcard = 1
    case exact = 2
}

/// What of a domain can be compared in one step: its kind and the bytes of its name, 0 for `*`.
struct DomainShape: BitwiseCopyable, Equatable {
    private let bits: Int32

    @inline(__always)
    init(_ kind: DomainKind, length: Int) {
        bits = Int32(truncatingIfNeeded: length) &<< 2 | kind.rawValue
    }

    /// What the hash of the name is scoped by.
    @inline(__always)
    var scope: UInt64 { UInt64(UInt32(bitPattern: bits)) }

    var length: Int { Int(bits >> 2) }
    var kind: DomainKind { bits & 3 == 0 ? .any : bits & 3 == 1 ? .wildcard : .exact }
}

/// A domain that at least one route has. With its cell 32 bytes.
struct Domain: BitwiseCopyable {
    let shape: DomainShape
    /// Where its name begins in the text arena; the name has ``caseBit`` set in each byte.
    let text: Int32
    /// The top group of the path `/`, -1 for none.
    var rootGroup: Int32 = -1
    /// No path of the domain has more segments than this; an upper bound.
    var maxDepth: Int32 = 0
    /// Bit d: there is a path with d segments, 1...6; bit 7: one with 7 or more.
    var depths: UInt32 = 0
    private let unused: Int32 = 0

    init(shape: DomainShape, text: Int32) {
        self.shape = shape
        self.text = text
    }

    /// The bit of ``depths`` for paths with this many segments, at least 1.
    @inline(__always)
    static func depthBit(_ depth: Int) -> UInt32 { 1 &<< UInt32(truncatingIfNeeded: min(depth, deepest)) }

    /// Paths with at least so many segments are not told apart.
    static let deepest = 7
}

/// What the hash of a path is scoped by.
@inline(__always)
func pathScope(domain: Int32, length: Int) -> UInt64 {
    UInt64(truncatingIfNeeded: length) &<< 32 | UInt64(UInt32(bitPattern: domain))
}

/// How many paths a domain has: in all at 0, with 1...6 segments at these indices, with more at 7.
struct DomainUse: BitwiseCopyable {
    var paths = InlineArray<8, Int32>(repeating: 0)
}

/// The routes with the same domain, path and priority.
///
/// The groups of one domain and path are a list by descending priority, the top of which the hash table finds (the
/// domain itself, where the path is `/`).
@usableFromInline
struct RouteGroup: BitwiseCopyable {
    var domain: Int32
    /// Where the path begins in the text arena; -1 for `/`, which has no text.
    var path: Int32
    /// Bytes of the path.
    var pathLength: Int32
    /// The group of the same domain and path with the next lower priority, -1 for none.
    @usableFromInline var nextLower: Int32 = -1
    var priority: Int
    /// Slots of the routes.
    @usableFromInline var members = IndexList()
}

/// A route, at the index that is its slot.
struct RouteRecord: BitwiseCopyable {
    var id: UInt64
    /// The groups that it is in, in the order of its domains; empty once it is removed.
    var groups = IndexList()
    /// Whether the slot is only waiting for its release.
    var isRemoved = false
}
