/// What a service sees of itself: figures of one route. Each worker has its own; they are merged when read.
public struct RouteStatistics: Sendable {
    /// Requests that were answered or failed.
    public private(set) var requests: UInt64 = 0
    /// Those answered with a 5xx code or not at all.
    public private(set) var errors: UInt64 = 0
    /// Bytes of responses to clients.
    public private(set) var bytesSent: UInt64 = 0
    /// Bytes of requests from clients.
    public private(set) var bytesReceived: UInt64 = 0
    /// The codes of the answers.
    public private(set) var codes = StatusCodeCounts()
    /// How long the requests took.
    public private(set) var latency = LatencyHistogram()

    /// No request yet.
    public init() {}

    /// Counts a request that has ended.
    ///
    /// - Parameters:
    ///   - status: The code of the answer; 0 where the request failed without one.
    ///   - microseconds: From the request's begin to the response's end.
    @inline(__always)
    public mutating func record(status: Int, microseconds: UInt64, bytesSent: UInt64, bytesReceived: UInt64) {
        requests &+= 1
        if status >= 500 || status == 0 { errors &+= 1 }
        self.bytesSent &+= bytesSent
        self.bytesReceived &+= bytesReceived
        codes.record(status)
        latency.record(microseconds: microseconds)
    }

    /// Adds what another worker counted, or another route.
    public mutating func merge(_ other: RouteStatistics) {
        requests &+= other.requests
        errors &+= other.errors
        bytesSent &+= other.bytesSent
        bytesReceived &+= other.bytesReceived
        codes.merge(other.codes)
        latency.merge(other.latency)
    }

    /// How often each code was answered.
    public var statusCodes: [Int: UInt64] { codes.all }
    /// The mean latency in microseconds.
    public var averageLatency: UInt64 { latency.average }
    /// The latency in microseconds that 95 % of the requests did not exceed.
    public var p95Latency: UInt64 { latency.quantile(permille: 950) }
    /// The latency in microseconds that 99 % of the requests did not exceed.
    public var p99Latency: UInt64 { latency.quantile(permille: 990) }
}
