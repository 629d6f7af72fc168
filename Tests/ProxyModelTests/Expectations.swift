import ProxyModel
import Testing

/// The message of the error that the work throws; `nil` and a failed expectation where it throws none.
func message(
    _ location: SourceLocation = #_sourceLocation, of work: () throws -> some Any
) -> String? {
    #expect(sourceLocation: location) { try work() } throws: { $0 is ValueError }
    do {
        _ = try work()
        return nil
    } catch {
        return (error as? ValueError)?.message
    }
}

/// A generator of pseudo-random numbers (SplitMix64) with a fixed seed, so that a failure comes again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
