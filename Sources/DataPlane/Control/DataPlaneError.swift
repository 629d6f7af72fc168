import Glibc

/// Why the data plane could not start.
public enum DataPlaneError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process listens there already.
    case addressInUse(String)
    /// Ports below 1024 need root or CAP_NET_BIND_SERVICE.
    case notPermitted(String)
    /// The address does not belong to this machine.
    case addressNotAvailable(String)
    case system(operation: String, code: Int32)

    public var description: String {
        switch self {
        case .addressInUse(let address):
            "cannot listen on \(address): the port is in use by another process"
        case .notPermitted(let address):
            "cannot listen on \(address): ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
        case .addressNotAvailable(let address):
            "cannot listen on \(address): this machine has no such address"
        case .system(let operation, let code):
            unsafe "\(operation) failed: \(String(cString: strerror(code)))"
        }
    }
}
