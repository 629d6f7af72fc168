import CLinux
import ProxyModel
import Synchronization
import TrafficPolicy

/// What the control plane tells or asks a worker. Each message is carried out between two events; `done` runs on the
/// worker's thread right after.
enum WorkerMessage: Sendable {
    case apply(RoutingDelta, policies: [RouteID: RoutePolicies], done: @Sendable () -> Void)
    case addresses([IPAddress], failure: String?, host: String, done: @Sendable () -> Void)
    case health(isHealthy: Bool, BackendURL, HealthCheckSettings, done: @Sendable () -> Void)
    case readStatistics([RouteID], done: @Sendable ([(RouteID, RouteStatistics)]) -> Void)
    case readActivity(SessionKey, done: @Sendable (SessionActivity) -> Void)
    case readTotals(done: @Sendable (DataPlaneTotals) -> Void)
    /// Stop accepting, end keep-alive connections politely, and stop when all are closed or at the deadline.
    case shutdown(deadline: MonotonicTime)
}

/// Messages to one worker: an array under a mutex and an eventfd that wakes its epoll.
final class WorkerMailbox: Sendable {
    private let messages = Mutex<[WorkerMessage]>([])
    let wakeDescriptor: Int32

    init() throws(DataPlaneError) {
        wakeDescriptor = apus_eventfd()
        guard wakeDescriptor >= 0 else {
            throw DataPlaneError.system(operation: "eventfd", code: -wakeDescriptor)
        }
    }

    deinit { _ = apus_close(wakeDescriptor) }

    func post(_ message: WorkerMessage) {
        let wasEmpty = messages.withLock { queue in
            queue.append(message)
            return queue.count == 1
        }
        if wasEmpty { apus_eventfd_signal(wakeDescriptor) }
    }

    /// All messages in the order of their posts; the worker calls it when the eventfd is readable.
    func takeAll() -> [WorkerMessage] {
        apus_eventfd_clear(wakeDescriptor)
        return messages.withLock { queue in
            let taken = queue
            queue = []
            return taken
        }
    }
}
