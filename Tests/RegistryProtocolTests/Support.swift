import ProxyModel
import Testing

@testable import RegistryProtocol

/// The line read, where it is valid.
func parsed(_ line: String, _ location: SourceLocation = #_sourceLocation) -> ParsedLine? {
    switch CommandParser.parse(Array(line.utf8)) {
    case .success(let parsed): return parsed
    case .failure(let error):
        Issue.record("\(line): \(error.reason)", sourceLocation: location)
        return nil
    }
}

/// The error of a line that is not valid.
func failure(_ line: String, _ location: SourceLocation = #_sourceLocation) -> LineError? {
    switch CommandParser.parse(Array(line.utf8)) {
    case .failure(let error): return error
    case .success(let parsed):
        Issue.record("\(line): \(parsed)", sourceLocation: location)
        return nil
    }
}

/// A route as a client asks for it, of parts that are valid.
func specification(_ domains: String, _ path: String, _ backend: String, _ priority: Int = 0) throws
    -> RouteSpecification
{
    RouteSpecification(
        domains: try DomainPattern.parseList(domains), path: try RoutePath(parsing: path),
        backend: try BackendURL(parsing: backend), priority: priority)
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
