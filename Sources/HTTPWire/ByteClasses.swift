/// Names for the bytes that HTTP/1 is made of.
enum Byte {
    static var tab: UInt8 { 0x09 }
    static var lineFeed: UInt8 { 0x0A }
    static var carriageReturn: UInt8 { 0x0D }
    static var space: UInt8 { 0x20 }
    static var quote: UInt8 { 0x22 }
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

extension SIMD16<UInt8> {
    /// Lanes with a control byte or a horizontal tab: where a field value may end.
    @inline(__always)
    var controls: SIMDMask<SIMD16<Int8>> { (self .< 0x20) .| (self .== Byte.delete) }

    /// Lanes with anything but letters, digits and `-`, of which nearly every header name is made.
    @inline(__always)
    var beyondPlainName: SIMDMask<SIMD16<Int8>> {
        let letters = (self | 0x20) &- 0x61 .< 26
        let digits = self &- 0x30 .< 10
        return .!(letters .| digits .| (self .== Byte.dash))
    }

    /// Lanes with anything but letters, digits, `-`, `.` and `_`: where a host name ends.
    @inline(__always)
    var beyondHostName: SIMDMask<SIMD16<Int8>> {
        let letters = (self | 0x20) &- 0x61 .< 26
        // '-' and '.' are 0x2D and 0x2E.
        let others = (self &- 0x30 .< 10) .| (self &- 0x2D .< 2) .| (self .== Byte.underscore)
        return .!(letters .| others)
    }

    /// Lanes that a request target cannot have or that say something of its structure: up to SP, from DEL on, and
    /// `#`, `%`, `.`, `?`, `\`.
    @inline(__always)
    var targetMarks: SIMDMask<SIMD16<Int8>> {
        // Seen from '!', only 0x21 ... 0x7E are below 0x5E.
        let outside = self &- 0x21 .>= 0x5E
        let marks = (self .== 0x23) .| (self .== Byte.percent) .| (self .== Byte.dot) .| (self .== Byte.question)
        return outside .| marks .| (self .== Byte.backslash)
    }
}

extension Span where Element == UInt8 {
    /// The first index from `start` on with a control byte other than HTAB, or the end.
    @inline(__always)
    func firstControl(from start: Int) -> Int {
        var index = start
        while true {
            let lane = block(at: index).controls.firstIndex
            index &+= lane
            if lane < 16 {
                if index >= count { return count }
                if self[index] != Byte.tab { return index }
                index &+= 1
            }
        }
    }

    /// The first index from `start` on with an LF, or the end.
    @inline(__always)
    func firstLineFeed(from start: Int) -> Int {
        var index = start
        while index < count {
            let lane = (block(at: index) .== Byte.lineFeed).firstIndex
            index &+= lane
            if lane < 16 { return index }
        }
        return count
    }

    /// Whether the bytes of a range are, in any case, those of a lower-case text of letters, digits and `-`.
    @inline(__always)
    func equals(_ text: StaticString, in range: ByteRange) -> Bool {
        guard range.length == text.utf8CodeUnitCount else { return false }
        var index = 0
        while index < range.length {
            if self[range.start &+ index].lowercased != text.byte(at: index) { return false }
            index &+= 1
        }
        return true
    }
}
