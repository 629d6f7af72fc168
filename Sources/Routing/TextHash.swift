/// The seeded hash of domains and of paths, fed with words of eight bytes.
///
/// A client that does not know the seed cannot find names or paths that fall into one bucket: each step folds the
/// 128-bit product of text and state, both masked with secret keys.
struct TextHash {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    /// The state before the first word.
    let start: UInt64

    init(seed: UInt64) {
        var state = seed
        start = Self.draw(&state)
        // Odd keys are never zero, so no single text is mapped to a product of zero in advance.
        first = Self.draw(&state) | 1
        second = Self.draw(&state) | 1
        third = Self.draw(&state) | 1
    }

    /// The state after one more full word.
    @inline(__always)
    func absorb(_ word: UInt64, into state: UInt64) -> UInt64 {
        Self.fold(word ^ first, state ^ second)
    }

    /// The hash of all full words before and a last one of 0 to 7 bytes.
    ///
    /// - Parameter scope: The length of the text, and what else tells it from an equal one.
    @inline(__always)
    func finish(_ state: UInt64, partialWord: UInt64, scope: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: Self.fold(partialWord ^ third, state ^ second ^ scope))
    }

    /// The hash of a number.
    @inline(__always)
    func hash(of number: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: Self.fold(number ^ first, start ^ second))
    }

    /// The hash of the words of a text; the same as word by word.
    func hash(of words: [UInt64], length: Int, scope: UInt64) -> UInt32 {
        var state = start
        for word in words.prefix(length / 8) { state = absorb(word, into: state) }
        let partialWord = length % 8 == 0 ? 0 : words[words.count - 1]
        return finish(state, partialWord: partialWord, scope: scope)
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// The next of a series of well-mixed numbers (SplitMix64).
    private static func draw(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
