// Every access to memory that the compiler does not check is in this file.

/// 16 bytes that are looked at together.
typealias Block = SIMD16<UInt8>

extension Span where Element == UInt8 {
    /// The 16 bytes from `index` on. Past the end of the span there are zeros, which every scan takes for a control
    /// byte, so a scan ends at the end without looking for it.
    ///
    /// - Precondition: `index` is not negative.
    @inline(__always)
    func block(at index: Int) -> Block {
        if index &+ 16 <= count {
            // Safe because the load checks that the 16 bytes are inside the span, and any bits are a valid Block.
            return unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: Block.self)
        }
        return lastBlock(from: index)
    }

    /// The bytes from `index` to the end, fewer than 16, and zeros after them.
    @inline(__always)
    private func lastBlock(from index: Int) -> Block {
        if index < count && count >= 16 {
            // Safe because the load checks that the 16 bytes are inside the span, and any bits are a valid UInt128.
            let last = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: count &- 16, as: UInt128.self)
            // Safe because both types are 16 bytes for which any bits are valid.
            return unsafe unsafeBitCast(last &>> UInt128(8 &* (index &- (count &- 16))), to: Block.self)
        }
        return shortBlock(from: index)
    }

    @inline(never)
    private func shortBlock(from index: Int) -> Block {
        var block = Block(repeating: 0)
        var lane = 0
        while index &+ lane < count && lane < 16 {
            block[lane] = self[index &+ lane]
            lane &+= 1
        }
        return block
    }

    /// The 8 bytes from `index` on, the first in the lowest bits.
    ///
    /// - Precondition: all 8 are inside the span.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        // Safe because the load checks that the 8 bytes are inside the span, and any bits are a valid UInt64.
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
    }
}

extension SIMD16<UInt8> {
    /// The lower and the upper 8 bytes as words, the first byte of each in the lowest bits.
    @inline(__always)
    var words: (low: UInt64, high: UInt64) {
        // Safe because both types are 16 bytes for which any bits are valid.
        let lanes = unsafe unsafeBitCast(self, to: SIMD2<UInt64>.self)
        return (UInt64(littleEndian: lanes[0]), UInt64(littleEndian: lanes[1]))
    }
}

extension SIMDMask<SIMD16<Int8>> {
    /// The index of the first lane that is set, or 16.
    @inline(__always)
    var firstIndex: Int {
        // Safe because a mask has 0 or -1 in each of its 16 bytes.
        let lanes = unsafe unsafeBitCast(self, to: SIMD2<UInt64>.self)
        let low = UInt64(littleEndian: lanes[0])
        if low != 0 { return low.trailingZeroBitCount &>> 3 }
        return 8 &+ UInt64(littleEndian: lanes[1]).trailingZeroBitCount &>> 3
    }
}

extension StaticString {
    /// The byte at `index`; for literals this folds into a constant.
    @inline(__always)
    func byte(at index: Int) -> UInt8 {
        precondition(index >= 0 && index < utf8CodeUnitCount)
        // Safe because the index has just been checked.
        return unsafe utf8Start[index]
    }
}

/// Up to 8 ASCII characters as they are in a word, the first in the lowest bits; folds into a constant.
@inline(__always)
func packed(_ text: StaticString) -> UInt64 {
    var word: UInt64 = 0
    var index = text.utf8CodeUnitCount
    while index > 0 {
        index &-= 1
        word = word &<< 8 | UInt64(text.byte(at: index))
    }
    return word
}

extension OutputRawSpan {
    /// Appends bytes, which must fit.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func append(_ source: Span<UInt8>) {
        let size = source.count
        precondition(size <= freeCapacity)
        // Safe because `size` bytes are there in the source and free in the destination, and the two cannot overlap:
        // one is borrowed, the other held for writing.
        unsafe withUnsafeMutableBytes { destination, used in
            unsafe source.withUnsafeBytes { bytes in
                if let from = bytes.baseAddress, let to = destination.baseAddress {
                    unsafe (to + used).copyMemory(from: from, byteCount: size)
                }
            }
            used &+= size
        }
    }

    /// Appends a literal, which must fit.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func append(_ text: StaticString) {
        let size = text.utf8CodeUnitCount
        precondition(size <= freeCapacity)
        // Safe because `size` bytes are there in the literal and free in the destination.
        unsafe withUnsafeMutableBytes { destination, used in
            if let to = destination.baseAddress {
                unsafe (to + used).copyMemory(from: text.utf8Start, byteCount: size)
            }
            used &+= size
        }
    }

    /// Appends a byte, which must fit.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func append(byte: UInt8) {
        // Safe because the append checks that there is room, and the type is one byte for which any bits are valid.
        unsafe append(byte, as: UInt8.self)
    }
}
