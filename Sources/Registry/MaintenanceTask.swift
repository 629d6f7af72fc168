import ProxyModel

/// A maintenance command on its way to `MAINT_OK`.
struct MaintenanceTask: Sendable {
    /// The number; never used twice.
    var number: UInt64
    /// The session.
    var session: SessionKey
    /// The session's id for logs.
    var logID: String
    /// The target as the client wrote it.
    var target: String
    /// Whether the command was MAINT_ENTER.
    var isEntering: Bool
    /// The backends that are still to be probed, the next at the end.
    var waiting: [BackendURL]
    /// Where the answer goes.
    var request: Request
    /// The backends that are being probed.
    var probing: [EffectToken: BackendURL] = [:]
    /// When probing ends.
    var deadline = MonotonicTime.zero
}
