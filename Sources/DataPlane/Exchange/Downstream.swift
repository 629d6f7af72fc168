import HTTPWire
import ProxyModel

/// What a downstream connection is doing.
enum DownstreamPhase: UInt8 {
    case closed
    /// Between requests, or with a part of a head.
    case reading
    /// Its exchange is in flight.
    case exchanging
    /// An answer of ours is on its way and nothing else happens until it is sent.
    case answering
    /// Its sending side is closed; what the client still sends is read and dropped, so that the answer is not lost to
    /// a reset (RFC 9112 §9.6).
    case lingering
}

/// One client connection. Small while idle: its buffers are lent by the worker only while they hold something.
struct Downstream: ~Copyable {
    var socket: Int32 = -1
    var generation: UInt32 = 0
    /// The exchange in flight, -1 for none.
    var exchange: Int32 = -1
    var phase = DownstreamPhase.closed
    /// Edge-triggered readiness: true until the kernel says "would block".
    var isReadable = false
    var isWritable = false
    /// The client has ended its sending direction; it may still wait for answers.
    var hasEnded = false
    var closesAfterAnswer = false
    /// The client's current head has arrived in part: the head timeout runs.
    var isInHead = false
    /// Under epoll's watch.
    var isWatched = false
    var peerIsTrusted = false
    /// It counts against the limit of connections per address.
    var isCounted = false
    /// A request body is not over: the client is likely to be sending.
    var mayStillSend = false
    var peerTextLength: UInt8 = 0
    var listenPort: UInt16 = 0
    /// Bytes of an incomplete head that were already searched for its end.
    var scanned: Int32 = 0
    /// Bytes dropped while lingering.
    var lingered: Int32 = 0
    var input = Chunk()
    var output = Chunk()
    var peer = PeerAddress()
    var peerText = InlineArray<46, UInt8>(repeating: 0)

    mutating func open(_ socket: Int32, _ peer: PeerAddress, listenPort: UInt16, isTrusted: Bool) {
        self.socket = socket
        self.peer = peer
        self.listenPort = listenPort
        peerIsTrusted = isTrusted
        exchange = -1
        phase = .reading
        isReadable = false
        isWritable = true
        hasEnded = false
        closesAfterAnswer = false
        isInHead = false
        isCounted = false
        isWatched = false
        mayStillSend = false
        scanned = 0
        lingered = 0
        let text = Array(peer.address.description.utf8.prefix(46))
        for (position, byte) in text.enumerated() { peerText[position] = byte }
        peerTextLength = UInt8(text.count)
    }
}

/// A client's address in a trivial layout.
struct PeerAddress {
    var high: UInt64 = 0
    var low: UInt64 = 0
    var isIPv4 = true

    /// What `source_hash` goes by: the address, of IPv6 its /64; the same in every worker.
    var sourceHash: UInt64 {
        var hash = (isIPv4 ? low : high) ^ 0x5851_f42d_4c95_7f2d
        hash = (hash ^ hash >> 32) &* 0x9e37_79b9_7f4a_7c15
        return hash ^ hash >> 29
    }

    var address: IPAddress {
        isIPv4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6High: high, low: low)
    }
}
