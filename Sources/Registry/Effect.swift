import ProxyModel
import RegistryProtocol

/// A command in hand.
struct Request: Sendable {
    /// Where it came from and its answer goes.
    var connection: ConnectionID
    /// What the answer repeats.
    var transactionID: String?
    /// The bytes of its line.
    var bytes: Int
    /// When it came.
    var now: Moment

    /// `KIND|field|…` as the answer to this command.
    func answer(_ kind: String, _ field: String? = nil) -> Outcome {
        guard let field else { return .reply(Reply.line(kind, transactionID)) }
        return .reply(Reply.line(kind, transactionID, field))
    }

    /// `KIND|json` as the answer to this command.
    func answer(
        _ kind: String, json: some JSONWritable, compression: Reply.Compression = .unavailable
    ) -> Outcome {
        .reply(Reply.json(kind, transactionID, json, compression: compression))
    }
}

/// What a command leads to at once.
enum Outcome: Sendable {
    /// This line.
    case reply(String)
    /// A line when an effect is complete.
    case later
    /// No answer at all.
    case silence
}

/// What to do when an effect that the shell was asked for is complete.
enum Effect: Sendable {
    /// A publication that nobody waits for.
    case publication
    /// A publication, then this answer to a command.
    case answeredPublication(Request, String)
    /// The publication of a CLIENT_SHUTDOWN.
    case shutdownPublication(Request)
    /// The publication of a maintenance command.
    case maintenancePublication(Request, MaintenanceTask)
    /// One of a maintenance command's probes; the number is the task's.
    case maintenanceProbe(UInt64)
    /// A BACKEND_TEST.
    case backendTest(Request)
    /// A STATS_GET.
    case statistics(Request, StatsTarget, [RouteID], compressed: Bool)
    /// A DRAIN_STATUS.
    case drainStatus(Request, SessionKey)
    /// The question whether a drained session is quiet.
    case receipt(SessionKey)
    /// A CIRCUIT_BREAKER_STATUS.
    case circuitStatus(Request)
    /// A CIRCUIT_BREAKER_RESET.
    case circuitReset(Request)
}
