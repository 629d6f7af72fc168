// Every access to memory that the compiler does not check is in this file.

/// 16 bytes that are looked at together.
typealias Block = SIMD16<UInt8>

/// What is found of each byte of a block.
typealias BlockMask = SIMDMask<SIMD16<Int8>>

extension Span where Element == UInt8 {
    /// The 16 bytes from `index` on. Past the end of the span there are zeros, which every scan takes for a control
    /// byte, so a scan ends at the end without looking for it.
    @inline(__always)
    func block(at index: Int) -> Block {
        // One comparison for both ends: a negative index is a large number.
        if UInt(bitPattern: index) < starts(of: 16) {
            // Safe because `index` is not negative and 16 bytes from it are inside the span, as has just been checked,
            // and any bits are a valid Block.
            return unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: Block.self)
        }
        return lastBlock(from: index)
    }

    /// The bytes from `index` to the end, fewer than 16, and zeros after them.
    @inline(never)
    private func lastBlock(from index: Int) -> Block {
        precondition(index >= 0)
        if index < count && count >= 16 {
            // Safe because the load checks that the 16 bytes are inside the span, and any bits are a valid UInt128.
            let last = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: count &- 16, as: UInt128.self)
            // Safe because both types are 16 bytes for which any bits are valid.
            return unsafe unsafeBitCast(last &>> UInt128(8 &* (index &- (count &- 16))), to: Block.self)
        }
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

extension Span where Element == UInt8 {
    /// Whether two ASCII characters are at `index`; `false` also where two do not fit in.
    @inline(__always)
    func has(_ pair: StaticString, at index: Int) -> Bool {
        guard UInt(bitPattern: index) < starts(of: 2) else { return false }
        // Safe because `index` is not negative and 2 bytes from it are inside the span, as has just been checked, and
        // any bits are a valid UInt16.
        let bytes = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt16.self)
        return UInt64(UInt16(littleEndian: bytes)) == packed(pair)
    }

    /// Whether CRLF is at `index`.
    @inline(__always)
    func hasLineEnd(at index: Int) -> Bool { has("\r\n", at: index) }

    /// How many indices there are at which so many bytes begin.
    @inline(__always)
    private func starts(of length: UInt) -> UInt {
        let size = UInt(bitPattern: count)
        return size < length ? 0 : size &- (length &- 1)
    }
}

extension SIMD16<UInt8> {
    /// The lower and the upper 8 bytes as words with the bit set that tells lower case.
    ///
    /// Letters with different case are the same byte after `| 0x20`, and so are a control byte and what it is then;
    /// where there can be no control bytes, this is how names are compared.
    @inline(__always)
    var foldedWords: (low: UInt64, high: UInt64) { (self | Self(repeating: 0x20)).words }

    /// The lower and the upper 8 bytes as words, the first byte of each in the lowest bits.
    @inline(__always)
    var words: (low: UInt64, high: UInt64) {
        // Safe because both types are 16 bytes for which any bits are valid.
        let lanes = unsafe unsafeBitCast(self, to: SIMD2<UInt64>.self)
        return (UInt64(littleEndian: lanes[0]), UInt64(littleEndian: lanes[1]))
    }
}

extension BlockMask {
    /// What is set in one word: byte n has lane n in its lower half and lane n + 8 in its upper half.
    @inline(__always)
    var hits: BlockHits {
        // Safe because both types are 16 bytes for which any bits are valid.
        let lanes = unsafe unsafeBitCast(self, to: SIMD2<UInt64>.self)
        let halves = lanes & SIMD2(0x0F0F_0F0F_0F0F_0F0F, 0xF0F0_F0F0_F0F0_F0F0)
        return BlockHits(word: UInt64(littleEndian: halves[0] | halves[1]))
    }

    /// The index of the first lane that is set, or 16.
    @inline(__always)
    var firstIndex: Int { hits.firstIndex }
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
func packed(_ text: StaticString, from start: Int = 0) -> UInt64 {
    var word: UInt64 = 0
    var index = min(text.utf8CodeUnitCount, start &+ 8)
    while index > start {
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

    /// Appends the lowest `count` bytes of a word, for which a whole word must be free.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func append(_ word: UInt64, count: Int) {
        precondition(freeCapacity >= 8 && UInt(bitPattern: count) <= 8)
        // Safe because 8 bytes are free, as has just been checked.
        unsafe withUnsafeMutableBytes { destination, used in
            unsafe destination.storeBytes(of: word.littleEndian, toByteOffset: used, as: UInt64.self)
            used &+= count
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

/// A fixed number of plain values on the heap.
@safe
struct FixedStorage<Element: BitwiseCopyable>: ~Copyable {
    private let base: UnsafeMutablePointer<Element>
    private let count: Int

    /// So many copies of a value.
    init(repeating value: Element, count: Int) {
        // Safe because the memory is this value's own, holds `count` elements and is given back by `deinit` alone.
        unsafe base = .allocate(capacity: count)
        unsafe base.initialize(repeating: value, count: count)
        self.count = count
    }

    deinit {
        // Safe because nothing can refer to the memory any more, and its elements need no deinitialization.
        unsafe base.deallocate()
    }

    /// All values.
    var span: Span<Element> {
        @_lifetime(borrow self)
        @inline(__always)
        get {
            // Safe because all `count` elements are initialized and live as long as `self`.
            let span = unsafe Span(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Overwrites a value.
    @inline(__always)
    mutating func write(_ value: Element, at index: Int) {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
        // Safe because the index has just been checked.
        unsafe base[index] = value
    }
}
