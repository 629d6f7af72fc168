/// Names for the bytes that HTTP/1 is made of.
enum Byte {
    static var tab: UInt8 { 0x09 }
    static var lineFeed: UInt8 { 0x0A }
    static var carriageReturn: UInt8 { 0x0D }
    static var space: UInt8 { 0x20 }
    static var quote: UInt8 { 0x22 }
    static var hash: UInt8 { 0x23 }
    static var percent: UInt8 { 0x25 }
    static var asterisk: UInt8 { 0x2A }
    static var comma: UInt8 { 0x2C }
    static var dash: UInt8 { 0x2D }
    static var dot: UInt8 { 0x2E }
    static var slash: UInt8 { 0x2F }
    static var colon: UInt8 { 0x3A }
    static var semicolon: UInt8 { 0x3B }
    static var equals: UInt8 { 0x3D }
    static var question: UInt8 { 0x3F }
    static var openBracket: UInt8 { 0x5B }
    static var backslash: UInt8 { 0x5C }
    static var closeBracket: UInt8 { 0x5D }
    static var underscore: UInt8 { 0x5F }
    static var delete: UInt8 { 0x7F }
}

extension UInt8 {
    /// Whether the byte may be in a token (RFC 9110 §5.6.2).
    @inline(__always)
    var isToken: Bool {
        // Bit n of the two words says it of byte n and byte 64 + n.
        let word: UInt64 = self < 64 ? 0x03FF_6CFA_0000_0000 : (self < 128 ? 0x57FF_FFFF_C7FF_FFFE : 0)
        return (word &>> UInt64(self & 63)) & 1 != 0
    }

    /// SP or HTAB.
    @inline(__always)
    var isBlank: Bool { self == Byte.space || self == Byte.tab }

    /// Whether no field value may have the byte (RFC 9110 §5.5).
    @inline(__always)
    var isControl: Bool { (self < 0x20 && self != Byte.tab) || self == Byte.delete }

    @inline(__always)
    var isDigit: Bool { self &- 0x30 < 10 }

    @inline(__always)
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

    /// Whether percent-encoding the byte changes nothing (RFC 3986 §2.3).
    @inline(__always)
    var isUnreserved: Bool {
        isLetter || isDigit || self == Byte.dash || self == Byte.dot || self == Byte.underscore || self == 0x7E
    }

    /// The value of a hexadecimal digit, or 255.
    @inline(__always)
    var hexadecimalValue: UInt8 {
        if isDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : 255
    }

    /// The letter in lower case, any other byte as it is.
    @inline(__always)
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

/// Which lanes of a block are set, in a word that is quickly found to be zero.
struct BlockHits {
    /// Byte n has lane n in its lower half and lane n + 8 in its upper half.
    let word: UInt64

    /// Whether no lane is set.
    @inline(__always)
    var isEmpty: Bool { word == 0 }

    /// The index of the first lane that is set, or 16.
    @inline(__always)
    var firstIndex: Int {
        let lower = word & 0x0F0F_0F0F_0F0F_0F0F
        return lower != 0 ? lower.trailingZeroBitCount &>> 3 : 8 &+ word.trailingZeroBitCount &>> 3
    }
}

extension SIMD16<UInt8> {
    // Vectors are compared with vectors: with a scalar it would be a call instead of an instruction.

    /// Lanes that hold the byte.
    @inline(__always)
    func equal(_ byte: UInt8) -> BlockMask { self .== Self(repeating: byte) }

    /// Lanes that hold one of `count` bytes from `first` on.
    @inline(__always)
    func within(_ first: UInt8, _ count: UInt8) -> BlockMask {
        self &- Self(repeating: first) .< Self(repeating: count)
    }

    /// Lanes that hold a letter.
    @inline(__always)
    var letters: BlockMask { (self | Self(repeating: 0x20)).within(0x61, 26) }

    /// Lanes with a control byte or a horizontal tab: where a field value may end.
    @inline(__always)
    var controls: BlockMask { within(0, 0x20) .| equal(Byte.delete) }

    /// Lanes with anything but letters, digits and `-`, of which nearly every header name is made.
    @inline(__always)
    var beyondPlainName: BlockMask { .!(letters .| within(0x30, 10) .| equal(Byte.dash)) }

    /// Lanes with anything but letters, digits, `-`, `.` and `_`: where a host name ends.
    @inline(__always)
    var beyondHostName: BlockMask {
        // '-' and '.' are 0x2D and 0x2E.
        let marks = within(Byte.dash, 2) .| equal(Byte.underscore)
        return .!(letters .| within(0x30, 10) .| marks)
    }

    /// Lanes that a request target cannot have or that say something of its structure: up to SP, from DEL on, and
    /// `#`, `%`, `.`, `?`, `\`.
    @inline(__always)
    var targetMarks: BlockMask {
        let marks = equal(Byte.hash) .| equal(Byte.percent) .| equal(Byte.dot)
        return .!within(0x21, 0x5E) .| marks .| equal(Byte.question) .| equal(Byte.backslash)
    }
}

extension Span where Element == UInt8 {
    /// The first index from `start` on with a control byte, which HTAB is too here, or an index past the end.
    @inline(__always)
    func firstControl(from start: Int) -> Int {
        var index = start
        while true {
            let hits = block(at: index).controls.hits
            if !hits.isEmpty { return index &+ hits.firstIndex }
            index &+= 16
        }
    }

    /// The first index from `start` on with a byte that is no letter, digit or `-`, or the end.
    @inline(never)
    func endOfPlainName(from start: Int) -> Int {
        var index = start
        while true {
            let lane = block(at: index).beyondPlainName.firstIndex
            index &+= lane
            if lane < 16 { return Swift.min(index, count) }
        }
    }

    /// The first index from `start` on with an LF, or the end.
    @inline(__always)
    func firstLineFeed(from start: Int) -> Int {
        var index = start
        while index < count {
            let lane = block(at: index).equal(Byte.lineFeed).firstIndex
            index &+= lane
            if lane < 16 { return index }
        }
        return count
    }

    /// Whether the bytes of a range, none of them a control byte, are in any case those of a lower-case text of up to
    /// 16 letters, digits and `-`.
    @inline(__always)
    func equals(_ text: StaticString, in range: ByteRange) -> Bool {
        let length = text.utf8CodeUnitCount
        precondition(length > 0 && length <= 16)
        guard range.length == length else { return false }
        let folded = block(at: range.start).foldedWords
        let low: UInt64 = ~0 &>> UInt64(length < 8 ? 64 &- 8 &* length : 0)
        let high: UInt64 = length <= 8 ? 0 : ~0 &>> UInt64(128 &- 8 &* length)
        return folded.low & low == packed(text) && folded.high & high == packed(text, from: 8)
    }

    /// The same for a text of any length.
    func equalsLong(_ text: StaticString, in range: ByteRange) -> Bool {
        range.length == text.utf8CodeUnitCount && begins(with: text, at: range.start, before: range.end)
    }

    /// Whether a lower-case text is at `start`, in any case.
    func begins(with text: StaticString, at start: Int, before end: Int) -> Bool {
        guard end &- start >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount where self[start &+ index].lowercased != text.byte(at: index) {
            return false
        }
        return true
    }

    /// Whether two ranges hold the same bytes, the case of letters aside.
    func areEqual(_ one: ByteRange, _ other: ByteRange) -> Bool {
        guard one.length == other.length else { return false }
        for index in 0..<one.length {
            if self[one.start &+ index].lowercased != self[other.start &+ index].lowercased { return false }
        }
        return true
    }
}
