import HTTPWire
import TrafficPolicy

/// How an answer's body goes on to the client.
enum ResponseRelay: UInt8 {
    /// The backend's bytes as they are, framing included.
    case verbatim
    /// Payload only: chunked from the backend, ended by close to an HTTP/1.0 client.
    case unframed
    /// Chunks of ours around a body that the backend ends by closing.
    case rechunked
}

/// One request and its response, from the parsed head to the last byte. It names its two connections by index, so that
/// neither has to serve only it.
struct Exchange: ~Copyable {
    var downstream: Int32 = -1
    var upstream: Int32 = -1
    /// The route that serves it, as the configuration was when it began (`RouteRuntime`); -1 when none matched.
    var runtime: Int32 = -1
    var endpoint: Int32 = -1
    var group: Int32 = -1

    var isHead = false
    var isIdempotent = false
    var clientMinorVersion: UInt8 = 1
    var keepsAlive = true
    var clientAcceptsTrailers = false
    /// What the route's circuit breaker has said, until it is told how the request went.
    var admission: CircuitAdmission?
    /// The runtime whose breaker it was; it outlives the exchange's own.
    var admittedBy: Int32 = -1
    /// Known once something failed; until then the head is still there to be asked.
    var prefersProblemJSON = false
    /// What the client's sticky cookie says, 0 for none, and whether the answer gives it a new one.
    var stickyKey: UInt64 = 0
    var setsStickyCookie = false
    /// The final response head went (or began to go) to the client.
    var hasResponseHead = false
    /// Bytes of the request's body have gone to a backend: it cannot be sent again.
    var hasSentBody = false
    /// The whole request is with the backend.
    var requestIsSent = false
    /// The request head has left the front of the client's input.
    var headIsConsumed = false
    /// The backend has ended a body that only its close ends.
    var sourceHasEnded = false
    /// The answer ended before its length said.
    var isTruncated = false
    /// The backend stopped taking the request before its end: neither connection can carry another exchange.
    var requestIsAborted = false
    var relay = ResponseRelay.verbatim
    var retries: UInt8 = 0
    /// Where it failed, the last time and the time before; -1 for nowhere.
    var failedEndpoint: Int32 = -1
    var failedEndpointBefore: Int32 = -1
    var status: Int32 = 0

    var requestBody = BodyFraming.none
    /// Bytes at the front of the downstream's input that are cleared for the backend.
    var requestForward = 0
    var responseBody = BodyFraming.none
    /// Bytes at the front of the upstream's input that are cleared for the client.
    var responseForward = 0

    /// Monotonic nanoseconds.
    var startedAt: UInt64 = 0
    /// When the phase timeouts of the bodies were last pushed back.
    var bodyCheckedAt: UInt64 = 0
    var bodyBytesAtCheck = 0
    var bytesReceived = 0
    var bytesSent = 0
    var maxBodyBytes = 0
    var requestID = RequestID()

    @inline(__always) mutating func begin(downstream: Int32, _ head: borrowing RequestHead, now: UInt64) {
        self.downstream = downstream
        upstream = -1
        runtime = -1
        endpoint = -1
        group = -1
        isHead = head.methodKind == .head
        isIdempotent = head.methodKind.isIdempotent
        clientMinorVersion = UInt8(truncatingIfNeeded: head.minorVersion)
        keepsAlive = head.isPersistent
        clientAcceptsTrailers = head.acceptsTrailers
        admission = nil
        prefersProblemJSON = false
        stickyKey = 0
        setsStickyCookie = false
        hasResponseHead = false
        hasSentBody = false
        requestIsSent = false
        requestIsAborted = false
        headIsConsumed = false
        isTruncated = false
        sourceHasEnded = false
        relay = .verbatim
        retries = 0
        failedEndpoint = -1
        failedEndpointBefore = -1
        status = 0
        requestBody = head.bodyFraming
        requestForward = 0
        responseBody = .none
        responseForward = 0
        startedAt = now
        bodyCheckedAt = now
        bodyBytesAtCheck = head.size
        bytesReceived = head.size
        bytesSent = 0
        maxBodyBytes = 0
    }
}

/// The value of X-Request-Id: 32 lower-case hexadecimal digits.
struct RequestID {
    private(set) var text = InlineArray<32, UInt8>(repeating: 0)

    /// Two 64-bit words as hexadecimal text.
    @inline(__always) mutating func set(_ high: UInt64, _ low: UInt64) {
        put(0, UInt32(truncatingIfNeeded: high &>> 32))
        put(8, UInt32(truncatingIfNeeded: high))
        put(16, UInt32(truncatingIfNeeded: low &>> 32))
        put(24, UInt32(truncatingIfNeeded: low))
    }

    @inline(__always) private mutating func put(_ position: Int, _ word: UInt32) {
        let digits = Self.hexadecimal(word)
        var byte = 0
        while byte < 8 {
            text[position &+ byte] = UInt8(truncatingIfNeeded: digits &>> UInt64(byte &* 8))
            byte &+= 1
        }
    }

    /// Eight hexadecimal digits, the first in the lowest byte: the nibbles are spread to bytes and mapped all at once.
    @inline(__always) static func hexadecimal(_ word: UInt32) -> UInt64 {
        var spread = UInt64(word.byteSwapped)
        spread = (spread | spread &<< 16) & 0x0000_ffff_0000_ffff
        spread = (spread | spread &<< 8) & 0x00ff_00ff_00ff_00ff
        // Each 16-bit lane holds one byte; its high nibble comes first.
        spread = ((spread &>> 4) & 0x000f_000f_000f_000f) | ((spread & 0x000f_000f_000f_000f) &<< 8)
        let letters = ((spread &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }
}
