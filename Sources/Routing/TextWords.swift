// Text is hashed and compared eight bytes at a time. All of it is checked access: the compiler proves the eight
// subscripts from the one precondition and makes them one load.

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
    /// The eight bytes from `index` on, the first in the lowest bits.
    ///
    /// - Precondition: all eight are there.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        precondition(index >= 0 && index <= count &- 8)
        let low =
            UInt64(self[index]) | UInt64(self[index &+ 1]) << 8 | UInt64(self[index &+ 2]) << 16
            | UInt64(self[index &+ 3]) << 24
        let high =
            UInt64(self[index &+ 4]) << 32 | UInt64(self[index &+ 5]) << 40 | UInt64(self[index &+ 6]) << 48
            | UInt64(self[index &+ 7]) << 56
        return low | high
    }

    /// The `length` bytes from `index` on, 0...7, the first in the lowest bits and 0 in the others.
    ///
    /// - Precondition: all of them are there.
    @inline(__always)
    func partialWord(at index: Int, length: Int) -> UInt64 {
        if length == 0 { return 0 }
        if index &+ 8 <= count { return lowest(length, of: word(at: index)) }
        if count >= 8 {
            let last = word(at: count &- 8) &>> UInt64(truncatingIfNeeded: (index &- count &+ 8) &* 8)
            return lowest(length, of: last)
        }
        var word: UInt64 = 0
        var position = index &+ length
        while position > index {
            position &-= 1
            word = word &<< 8 | UInt64(self[position])
        }
        return word
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
