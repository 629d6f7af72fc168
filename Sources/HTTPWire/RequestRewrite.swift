/// How a request head is changed on its way to a backend.
public struct RequestRewrite: Hashable, Sendable {
    /// Whether what the peer says in forwarding headers is believed and extended, instead of replaced.
    public var peerIsTrusted = false
    /// Whether the client's connection is encrypted.
    public var isTLS = false
    /// The port that the client's connection came to.
    public var listenPort: UInt16 = 0
    /// Bytes to take from the beginning of the path as sent; a `/` is put there if none is left.
    public var stripPrefixBytes = 0
    /// Whether `Host` becomes the backend's.
    public var replaceHost = false
    /// Whether trailers of the request are sent on, and so the line that announces them.
    public var keepsTrailers = false

    /// The way of a request of an untrusted peer over an unencrypted connection.
    @inlinable
    public init(listenPort: UInt16 = 0, peerIsTrusted: Bool = false, isTLS: Bool = false) {
        self.listenPort = listenPort
        self.peerIsTrusted = peerIsTrusted
        self.isTLS = isTLS
    }
}
