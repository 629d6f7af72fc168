// Text is hashed and compared eight bytes at a time. All of it is checked access: the compiler proves the eight
// subscripts from the one precondition and makes them one load (look at the instructions after a change).

/// Eight times this byte.
@inline(__always)
func repeated(_ byte: UInt8) -> UInt64 {
    0x0101_0101_0101_0101 &* UInt64(byte)
}

/// Marks with 0x80 each of the eight bytes that equals `byte`; exact, also for the bytes after a match.
@inline(__always)
func marks(of byte: UInt8, in word: UInt64) -> UInt64 {
    let difference = word ^ repeated(byte)
    let low = (difference & repeated(0x7F)) &+ repeated(0x7F)
    return ~(low | difference | repeated(0x7F))
}

/// The lowest `count` bytes of the word, 0...7; the others become 0.
@inline(__always)
func lowest(_ count: Int, of word: UInt64) -> UInt64 {
    word & ((1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1)
}

/// Host names are compared without regard to case. Setting this bit makes lower-case letters of upper-case ones and
/// leaves digits, `-`, `.` and `:` alone; `_`, `[` and `]` become bytes that no host has.
let caseBit: UInt8 = 0x20

extension Span<UInt8> {
    /// The first eight bytes, the very first in the lowest bits.
    ///
    /// - Precondition: there are eight.
    @inline(__always)
    var firstWord: UInt64 {
        let bytes = extracting(first: 8)
        precondition(bytes.count == 8, "a whole word is asked for")
        let low = UInt64(bytes[0]) | UInt64(bytes[1]) << 8 | UInt64(bytes[2]) << 16 | UInt64(bytes[3]) << 24
        let high = UInt64(bytes[4]) << 32 | UInt64(bytes[5]) << 40 | UInt64(bytes[6]) << 48 | UInt64(bytes[7]) << 56
        return low | high
    }

    /// The last eight bytes, the very last in the highest bits; where there are fewer, 0 in the lower bits.
    @inline(__always)
    var lastWord: UInt64 {
        if count >= 8 { return extracting(last: 8).firstWord }
        var word: UInt64 = 0
        for index in 0..<count { word = word &>> 8 | UInt64(self[index]) &<< 56 }
        return word
    }

    /// The bytes after the last full word, the first in the lowest bits, each with `bits` set; 0 after the last, and
    /// where there are none.
    @inline(__always)
    func tail(settingBits bits: UInt8) -> UInt64 {
        let length = count & 7
        if length == 0 { return 0 }
        return (lastWord | repeated(bits)) &>> UInt64(truncatingIfNeeded: 64 &- length &* 8)
    }
}

/// Names and paths as the table keeps them: words of eight bytes, the last one filled up with 0.
enum TextWords {
    /// The number of words for so many bytes.
    static func count(bytes: Int) -> Int { (bytes + 7) / 8 }

    /// The text's words, each byte with `bits` set.
    static func words(_ text: String.UTF8View, settingBits bits: UInt8) -> [UInt64] {
        var words: [UInt64] = []
        words.reserveCapacity(count(bytes: text.count))
        var shift: UInt64 = 64
        for byte in text {
            if shift == 64 {
                words.append(0)
                shift = 0
            }
            words[words.count - 1] |= UInt64(byte | bits) << shift
            shift += 8
        }
        return words
    }

    /// The bytes of so many words.
    static func bytes(_ words: ArraySlice<UInt64>, length: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(words.count * 8)
        for word in words {
            for position in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(position * 8))) }
        }
        return Array(bytes.prefix(length))
    }
}
