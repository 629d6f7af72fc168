import Glibc
import NIOCore
import ProxyModel

/// Why the registry port could not be opened.
public struct RegistryServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line that says where and why.
    public let description: String

    init(_ error: any Error, listeningOn address: ProxyModel.SocketAddress) {
        let reason: String =
            switch (error as? IOError)?.errnoCode {
            case EADDRINUSE: "the port is in use by another process"
            case EACCES: "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
            case EADDRNOTAVAIL: "this machine has no such address"
            default: "\(error)"
            }
        description = "cannot listen on \(address): \(reason)"
    }
}
