import HTTPWire

/// One connection to a backend's address.
struct Upstream: ~Copyable {
    var socket: Int32 = -1
    var generation: UInt32 = 0
    /// The endpoint that it leads to.
    var endpoint: Int32 = -1
    /// The exchange that it serves, -1 while idle.
    var exchange: Int32 = -1
    /// Neighbours in the endpoint's list of idle connections.
    var next: Int32 = -1
    var previous: Int32 = -1
    var isIdle = false
    var isConnecting = false
    var isReadable = false
    var isWritable = false
    /// The backend has ended its sending direction.
    var hasEnded = false
    /// It served an exchange before this one: a failure before the first byte of an answer may be a keep-alive race.
    var wasReused = false
    /// Bytes of the current answer have arrived.
    var hasAnswered = false
    /// Nothing of the current exchange forbids keeping the connection.
    var canBeReused = true
    /// How far an incomplete head was looked at, so that one that comes in small pieces is not parsed for each.
    var headProgress = HeadProgress()
    var input = Chunk()
    /// The request as it goes to the backend: its head, and behind it a small body that had arrived whole. In front of
    /// it, already consumed, the head as the client sent it: both stay until the answer begins, so that the request can
    /// be written anew for another backend.
    var output = Chunk()
    /// Where in `output` the client's head ends and the forwarded one begins; 0 where there was no room for it.
    var headStart: Int32 = 0
    /// Where in `output` the small body begins.
    var bodyStart: Int32 = 0

    mutating func open(_ socket: Int32, endpoint: Int32) {
        self.socket = socket
        self.endpoint = endpoint
        exchange = -1
        next = -1
        previous = -1
        isIdle = false
        isConnecting = true
        isReadable = false
        isWritable = false
        hasEnded = false
        wasReused = false
    }

    @inline(__always) mutating func begin(_ exchange: Int32) {
        self.exchange = exchange
        hasAnswered = false
        canBeReused = true
        headProgress = HeadProgress()
    }
}
