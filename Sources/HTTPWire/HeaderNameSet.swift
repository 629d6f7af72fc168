/// Names of header lines to leave out, made once for a route and asked for every line of its responses.
public struct HeaderNameSet: Hashable, Sendable {
    /// All names in lower case, one after the other.
    private var names: [UInt8] = []
    /// Where in `names` each one is.
    private var ranges: [ByteRange] = []
    /// Bit n tells that a name of n bytes is there (63: or longer), which answers nearly every question.
    private var lengths: UInt64 = 0

    /// The set of these names, in any case.
    public init(_ list: [String] = []) {
        for name in list {
            let start = names.count
            names += name.utf8.map(\.lowercased)
            ranges.append(ByteRange(from: start, to: names.count))
            lengths |= Self.bit(names.count - start)
        }
    }

    /// Whether there is no name in it.
    public var isEmpty: Bool { lengths == 0 }

    /// Whether the name of a line is in the set.
    @inline(__always)
    func contains(_ bytes: Span<UInt8>, _ line: HeaderLine) -> Bool {
        if lengths & Self.bit(Int(line.nameLength)) == 0 { return false }
        return search(bytes, line.name)
    }

    @inline(never)
    private func search(_ bytes: Span<UInt8>, _ name: ByteRange) -> Bool {
        let known = names.span
        let all = ranges.span
        for index in 0..<all.count where all[index].length == name.length {
            var lane = 0
            while lane < name.length && bytes[name.start &+ lane].lowercased == known[all[index].start &+ lane] {
                lane &+= 1
            }
            if lane == name.length { return true }
        }
        return false
    }

    private static func bit(_ length: Int) -> UInt64 { 1 &<< UInt64(min(length, 63)) }
}
