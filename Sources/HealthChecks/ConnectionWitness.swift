import NIOCore
import Synchronization

/// Remembers whether a connection to an address came about while a request to it waited.
///
/// The HTTP client reports one deadline for connecting and answering; for whoever reads the reason, the two differ.
final class ConnectionWitness: Sendable {
    private struct Observation {
        var observers = 0
        var connections: UInt64 = 0
    }

    private let observations = Mutex<[String: Observation]>([:])

    /// Begins to watch `address` (`1.2.3.4:80`); returns the mark to ask with. Each call needs one ``end(_:)``.
    func begin(_ address: String) -> UInt64 {
        observations.withLock {
            $0[address, default: Observation()].observers += 1
            return $0[address]?.connections ?? 0
        }
    }

    /// Whether a connection came about since the mark was given.
    func sawConnection(to address: String, since mark: UInt64) -> Bool {
        observations.withLock { ($0[address]?.connections ?? 0) != mark }
    }

    /// Nobody asks for this mark any more; the last one to leave takes the memory along.
    func end(_ address: String) {
        observations.withLock {
            guard var observation = $0[address] else { return }
            observation.observers -= 1
            $0[address] = observation.observers > 0 ? observation : nil
        }
    }

    /// A connection is established.
    func connected(_ channel: any Channel) {
        guard let remote = channel.remoteAddress, let ip = remote.ipAddress, let port = remote.port else { return }
        observations.withLock { $0[ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"]?.connections += 1 }
    }
}
