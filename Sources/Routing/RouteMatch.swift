/// The index of a group in its ``RoutingTable``: routes of the same domain, path and priority.
///
/// Valid until the next change of the table.
public typealias GroupIndex = Int32

/// What a ``RoutingTable`` says of a request. Trivial: two integers.
public struct RouteMatch: Hashable, Sendable {
    /// The index of the group, or one of the negative codes below.
    @usableFromInline let code: Int32
    /// The length in bytes of the route's path where there is a group: what `strip_prefix` takes off. 1 for `/`.
    public let pathLength: Int32

    @inlinable
    init(code: Int32, pathLength: Int32) {
        self.code = code
        self.pathLength = pathLength
    }

    /// A match of the group with this index, whose path has this many bytes.
    @inlinable
    public init(group: GroupIndex, pathLength: Int32) {
        self.init(code: group, pathLength: pathLength)
    }

    /// No route claims the host.
    public static let unknownHost = RouteMatch(code: -1, pathLength: 0)
    /// Routes claim the host, but none the path.
    public static let noPath = RouteMatch(code: -2, pathLength: 0)

    /// Whether a group was found.
    @inlinable public var isGroup: Bool { code >= 0 }
    /// Whether no route claims the host.
    @inlinable public var isUnknownHost: Bool { code == -1 }
    /// Whether routes claim the host, but none the path.
    @inlinable public var isNoPath: Bool { code == -2 }

    /// The group that the request belongs to.
    ///
    /// - Precondition: ``isGroup``.
    @inlinable
    public var group: GroupIndex {
        precondition(code >= 0, "there is a group only where isGroup says so")
        return code
    }
}

/// A group in words, for logs and error pages.
public struct GroupDescription: Hashable, Sendable, CustomStringConvertible {
    /// The domain pattern as the registry writes it: `example.com`, `*.example.com` or `*`.
    public let domain: String
    /// The path, normalised.
    public let path: String
    /// The priority.
    public let priority: Int

    /// Domain and path, and the priority where it is not 0.
    public var description: String {
        priority == 0 ? domain + path : "\(domain)\(path) (priority \(priority))"
    }
}
