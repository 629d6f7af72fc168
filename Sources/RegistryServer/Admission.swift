import ProxyModel

/// Who may connect, and how many: the door of the registry port.
struct Admission {
    /// What is done with a new connection.
    enum Verdict: Hashable {
        case admitted
        /// Not from an address that may connect.
        case forbidden
        /// Over a limit; the line says which.
        case refused(line: String)
    }

    private let allow: [CIDR]
    private let limit: Int
    private let limitPerAddress: Int
    private var perAddress: [IPAddress: Int] = [:]

    /// Admitted connections that have not left.
    private(set) var count = 0

    init(allow: [CIDR], limit: Int, limitPerAddress: Int) {
        self.allow = allow
        self.limit = limit
        self.limitPerAddress = limitPerAddress
    }

    /// Decides on a new connection; an admitted one must be given back to ``left(_:)``. O(networks).
    mutating func arrived(_ address: IPAddress) -> Verdict {
        guard allow.contains(where: { $0.contains(address) }) else { return .forbidden }
        guard count < limit else { return .refused(line: "ERROR|too many connections (limit \(limit))") }
        let network = address.network64()
        guard perAddress[network, default: 0] < limitPerAddress else {
            return .refused(line: "ERROR|too many connections from \(network) (limit \(limitPerAddress))")
        }
        count += 1
        perAddress[network, default: 0] += 1
        return .admitted
    }

    /// An admitted connection ended.
    mutating func left(_ address: IPAddress) {
        let network = address.network64()
        count -= 1
        let others = perAddress[network, default: 1] - 1
        perAddress[network] = others > 0 ? others : nil
    }
}

/// Lets one line a second through and counts the rest, so that a flood of refusals does not flood the log.
struct RefusalLog {
    private var lastAt: MonotonicTime?
    private var suppressed = 0

    /// The line to log now for a refusal, if it is time for one.
    mutating func line(_ text: String, now: MonotonicTime) -> String? {
        if let lastAt, now - lastAt < .seconds(1) {
            suppressed += 1
            return nil
        }
        defer { (lastAt, suppressed) = (now, 0) }
        return suppressed > 0 ? "\(text) (and \(suppressed) more since the last such line)" : text
    }
}
