import ProxyModel

/// A setting whose value cannot be used: which one, and why.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where a value was given.
    public enum Source: Hashable, Sendable {
        case flag(Setting)
        case environment(Setting)
    }

    /// Where the value was given; `nil` when two settings contradict one another.
    public let source: Source?
    /// What was wrong and what is allowed.
    public let message: String

    init(_ source: Source?, _ message: String) {
        self.source = source
        self.message = message
    }

    /// One line: the place and the reason.
    public var description: String {
        switch source {
        case .flag(let setting): "\(setting.flag): \(message)"
        case .environment(let setting): "\(setting.environmentName): \(message)"
        case nil: message
        }
    }
}
