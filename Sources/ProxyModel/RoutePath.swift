/// The path prefix that a route serves. It matches whole segments: `/api` serves `/api`, `/api/` and `/api/x`.
public struct RoutePath: Hashable, Sendable, CustomStringConvertible {
    /// The normalised path: begins with `/`, has no trailing `/` (but for `/` itself), no dot segments, unreserved
    /// characters not encoded, other percent-encodings in upper case, non-ASCII characters percent-encoded.
    public let text: String
    /// The path as it was given; not part of equality.
    public let original: String

    /// The path `/`: everything.
    public static let root = RoutePath()

    private init() {
        text = "/"
        original = "/"
    }

    /// Reads and normalises a path.
    ///
    /// - Throws: where it does not begin with `/`, has a query, a fragment, a space or a broken percent-encoding, or
    ///   leads above the root.
    public init(parsing given: String) throws(ValueError) {
        original = given
        guard given.utf8.first == UInt8(ascii: "/") else {
            throw ValueError.invalid("path", given, expected: "a path that begins with /")
        }
        text = try Self.normalise(given)
    }

    /// The normalised path.
    public var description: String { text }

    /// Same normalised path.
    public static func == (left: RoutePath, right: RoutePath) -> Bool {
        left.text == right.text
    }

    /// Hashes what equality compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(text)
    }

    private static func normalise(_ given: String) throws(ValueError) -> String {
        let encoded = try PathText.canonicalEncoding(given)
        var segments: [ArraySlice<UInt8>] = []
        // RFC 3986 §5.2.4, but leading above the root is an error: whoever writes that is mistaken.
        for segment in encoded.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if segment.elementsEqual(".".utf8) { continue }
            if segment.elementsEqual("..".utf8) {
                guard segments.popLast() != nil else {
                    throw ValueError.invalid("path", given, expected: "a path that does not lead above the root")
                }
                continue
            }
            segments.append(segment)
        }
        while segments.last?.isEmpty == true { segments.removeLast() }
        var text: [UInt8] = []
        text.reserveCapacity(encoded.count)
        for segment in segments {
            text.append(UInt8(ascii: "/"))
            text += segment
        }
        return text.isEmpty ? "/" : String(decoding: text, as: UTF8.self)
    }
}
