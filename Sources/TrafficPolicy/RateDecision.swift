/// Whether a request is within its limit, and what the client is told about it. Trivial.
///
/// The figures are what the header fields carry: `RateLimit-Policy: "default";q=<limit>;w=<window>`,
/// `RateLimit: "default";r=<remaining>;t=<reset>`, and on a refusal `Retry-After`.
public struct RateDecision: BitwiseCopyable, Hashable, Sendable {
    /// Whether the request is within the limit; then it has been counted.
    public let isAllowed: Bool
    /// Requests per window.
    public let limit: Int
    /// Requests that would be let through if they came now.
    public let remaining: Int
    /// Nanoseconds until the current window ends.
    let untilReset: UInt64
    /// Nanoseconds until a request will be let through, if none comes in between; 0 where it was.
    let untilAllowed: UInt64

    /// Seconds until the current window ends, rounded up.
    public var resetSeconds: Int { Self.seconds(untilReset) }
    /// Seconds until a request will be let through, rounded up; at least 1 after a refusal, 0 else.
    public var retryAfterSeconds: Int { isAllowed ? 0 : max(Self.seconds(untilAllowed), 1) }

    private static func seconds(_ nanoseconds: UInt64) -> Int {
        Int(nanoseconds / 1_000_000_000 + (nanoseconds % 1_000_000_000 == 0 ? 0 : 1))
    }
}
