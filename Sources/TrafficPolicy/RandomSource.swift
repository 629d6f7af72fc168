/// A fast series of random numbers for one worker: for balancing and request ids, not for secrets.
///
/// WyRand: a counter, and the folded 128-bit product of two of its forms.
public struct RandomSource: Sendable {
    @usableFromInline var state: UInt64

    /// The series that belongs to the seed. Similar seeds give unrelated series.
    public init(seed: UInt64) {
        state = mixed(seed)
    }

    /// The next number; all bits are equally good.
    @inlinable
    @inline(__always)
    public mutating func next() -> UInt64 {
        state &+= 0xA076_1D64_78BD_642F
        let product = state.multipliedFullWidth(by: state ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }

    /// The next number in `0..<bound`, 0 where `bound` is 0.
    @inlinable
    @inline(__always)
    public mutating func next(below bound: UInt32) -> UInt32 {
        scaled(UInt32(truncatingIfNeeded: next() &>> 32), below: bound)
    }
}

/// A random 32-bit number brought into `0..<bound` (0 where `bound` is 0); the bias is below bound / 2³².
@inlinable
@inline(__always)
func scaled(_ random: UInt32, below bound: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: (UInt64(random) &* UInt64(bound)) &>> 32)
}

/// A number whose every bit depends on every bit of the argument (SplitMix64).
@inlinable
@inline(__always)
func mixed(_ number: UInt64) -> UInt64 {
    var mixed = number &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed &>> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed &>> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed &>> 31
}
