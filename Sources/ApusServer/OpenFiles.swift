import Glibc

/// The limit on open files, and what it allows.
///
/// The shares overlap on purpose: registry connections and idle clients are rarely both at their peak, and where files
/// run out nevertheless, accepting pauses and new backend connections fail, while what is open goes on.
struct OpenFiles: Hashable, Sendable {
    /// How many files the process may have open.
    let limit: Int

    /// Files that belong to no connection: listeners, event queues, name look-ups, health probes, logs.
    private static let reserve = 256

    /// Raises the soft limit to the hard limit, as far as the system lets it.
    static func raiseLimit() -> OpenFiles {
        var limits = rlimit()
        // Safe because the structure outlives each call; the calls only read or fill it.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
            return OpenFiles(limit: 1024)
        }
        let soft = limits.rlim_cur
        limits.rlim_cur = limits.rlim_max
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) != 0 { limits.rlim_cur = soft }
        return OpenFiles(limit: Int(clamping: limits.rlim_cur))
    }

    /// Registry connections: what was asked for, but no more than three fifths of all files.
    func registryConnections(wanted: Int) -> Int {
        max(1, min(wanted, limit / 5 * 3))
    }

    /// Client connections where no number was asked for: three quarters of all files; the rest is for backends.
    var clientConnections: Int {
        max(16, min(limit / 4 * 3, limit - Self.reserve))
    }
}
