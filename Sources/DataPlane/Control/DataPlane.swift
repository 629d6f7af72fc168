import CLinux
import Glibc
import ProxyModel
import Synchronization
import TrafficPolicy

/// The threads that move traffic, and the one way to tell them what to do.
///
/// Calls may come from any thread. What changes routes is carried out in the order of the calls; each answers when every
/// worker serves it: the next request on any connection sees it.
public final class DataPlane: Sendable {
    /// Where the workers listen, with the ports that were taken for port 0.
    public let boundAddresses: [SocketAddress]

    private let shared: WorkerShared
    private let mailboxes: [WorkerMailbox]
    /// Listeners of each worker until it starts.
    private let listeners: Mutex<[[WorkerListener]]>
    /// Orders posts of different callers alike for all workers.
    private let order = Mutex<Void>(())
    private let finished = Finish()
    private let policies: SharedPolicies

    /// Whether requests can be sent to backends with this scheme; the others are answered 502. HTTP/1.1 without TLS so far.
    public static func speaks(_ scheme: BackendURL.Scheme) -> Bool { scheme == .http || scheme == .ws }

    /// Binds every listener once per worker.
    ///
    /// - Parameter report: called on workers' threads; must only hand on.
    public init(
        _ configuration: DataPlaneConfiguration, report: @escaping @Sendable (DataPlaneEvent) -> Void = { _ in }
    ) throws(DataPlaneError) {
        let workers = max(1, configuration.workers)
        var all = [[WorkerListener]](repeating: [], count: workers)
        var bound: [SocketAddress] = []
        for address in configuration.listen {
            var port = address.port
            for worker in 0..<workers {
                let socket = try Self.bind(address, port: port, isFirst: worker == 0)
                if port == 0 { port = UInt16(truncatingIfNeeded: apus_bound_port(socket)) }
                all[worker].append(WorkerListener(socket: socket, port: port))
            }
            bound.append(SocketAddress(ip: address.ip, port: port))
        }
        var boxes: [WorkerMailbox] = []
        for _ in 0..<workers { boxes.append(try WorkerMailbox()) }
        boundAddresses = bound
        shared = WorkerShared(configuration, report: report)
        mailboxes = boxes
        policies = SharedPolicies(seed: configuration.seed ^ 0x6c69_6d69_7465_7273)
        listeners = Mutex(all)
    }

    /// One listener. Sharing a port would also let a second process of the same user in, unnoticed: the port is first
    /// taken for a moment without sharing, which fails if anybody has it.
    private static func bind(
        _ address: SocketAddress, port: UInt16, isFirst: Bool
    ) throws(DataPlaneError) -> Int32 {
        var target = apus_address(
            high: address.ip.high, low: address.ip.low, port: port, is_ipv4: address.ip.isIPv4 ? 1 : 0)
        if isFirst {
            let probe = apus_listen(target, 0, 1)
            guard probe >= 0 else { throw failure(probe, address.ip, port) }
            target.port = UInt16(truncatingIfNeeded: apus_bound_port(probe))
            _ = apus_close(probe)
        }
        let socket = apus_listen(target, 1, 4_096)
        guard socket >= 0 else { throw failure(socket, address.ip, port) }
        return socket
    }

    private static func failure(_ code: Int32, _ ip: IPAddress, _ port: UInt16) -> DataPlaneError {
        let name = SocketAddress(ip: ip, port: port).description
        return switch -code {
        case EADDRINUSE: .addressInUse(name)
        case EACCES, EPERM: .notPermitted(name)
        case EADDRNOTAVAIL: .addressNotAvailable(name)
        default: .system(operation: "listening on \(name)", code: -code)
        }
    }

    /// Starts the workers' threads. Call once.
    public func start() throws(DataPlaneError) {
        let all = listeners.withLock { held in
            let taken = held
            held = []
            return taken
        }
        for (number, mine) in all.enumerated() {
            let mailbox = mailboxes[number]
            let shared = shared
            let finished = finished
            shared.running.add(1, ordering: .relaxed)
            let code = WorkerThread.start {
                apus_block_signals()
                unsafe apus_name_thread("apus-worker-\(number)")
                if shared.configuration.pinsWorkers { _ = apus_pin_thread(Int32(number)) }
                do {
                    let poller = try Worker.makePoller(mine, mailbox)
                    var worker = Worker(
                        number: number, listeners: mine, mailbox: mailbox, shared: shared, poller: poller)
                    worker.run()
                } catch {
                    fatalError("worker \(number) cannot start: \(error)")
                }
                if shared.running.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { finished.signal() }
            }
            guard code == 0 else { throw DataPlaneError.system(operation: "pthread_create", code: code) }
        }
    }

    // MARK: changes

    /// Hands a change to every worker; `completion` runs on the last worker's thread once all serve it.
    public func publish(_ delta: RoutingDelta, completion: @escaping @Sendable () -> Void) {
        let barrier = Barrier(mailboxes.count, completion)
        order.withLock { _ in
            let routes = policies.update(for: delta)
            for mailbox in mailboxes { mailbox.post(.apply(delta, policies: routes, done: barrier.arrive)) }
        }
    }

    /// Returns when every worker serves the change.
    public func publish(_ delta: RoutingDelta) async {
        await withCheckedContinuation { continuation in publish(delta) { continuation.resume() } }
    }

    /// The resolver's answer for a host name of backends. With no addresses, `failure` says why and the last known ones
    /// stay in use; neither forgets the name.
    public func setAddresses(
        _ addresses: [IPAddress], failure: String?, ofHost host: String,
        completion: @escaping @Sendable () -> Void
    ) {
        let barrier = Barrier(mailboxes.count, completion)
        post { .addresses(addresses, failure: failure, host: host, done: barrier.arrive) }
    }

    public func setAddresses(_ addresses: [IPAddress], failure: String?, ofHost host: String) async {
        await withCheckedContinuation { continuation in
            setAddresses(addresses, failure: failure, ofHost: host) { continuation.resume() }
        }
    }

    /// What an active health check says of a backend: routes with this backend and these settings get no requests while
    /// it is unhealthy. Forgotten with the last of those routes.
    public func setHealth(_ isHealthy: Bool, of backend: BackendURL, settings: HealthCheckSettings) async {
        await withCheckedContinuation { continuation in
            let barrier = Barrier(mailboxes.count) { continuation.resume() }
            post { .health(isHealthy: isHealthy, backend, settings, done: barrier.arrive) }
        }
    }

    // MARK: questions

    /// Figures of the given routes, merged over the workers; routes that do not exist are left out.
    public func statistics(of routes: [RouteID]) async -> [RouteID: RouteStatistics] {
        await gather([RouteID: RouteStatistics]()) { done in
            .readStatistics(routes) { parts in
                done { merged in
                    for (id, part) in parts {
                        if merged[id] == nil { merged[id] = part } else { merged[id]?.merge(part) }
                    }
                }
            }
        }
    }

    /// What a session's routes have in flight.
    public func activity(of session: SessionKey) async -> SessionActivity {
        await gather(SessionActivity()) { done in
            .readActivity(session) { part in done { $0.add(part) } }
        }
    }

    /// The state of a route's circuit; nil where it has no breaker.
    public func circuitStatus(of route: RouteID) -> CircuitStatus? { policies.circuitStatus(of: route) }

    /// Closes the circuits of these routes.
    public func resetCircuits(of routes: [RouteID]) { policies.resetCircuits(of: routes) }

    public func totals() async -> DataPlaneTotals {
        await gather(DataPlaneTotals()) { done in
            .readTotals { part in done { $0.add(part) } }
        }
    }

    // MARK: the end

    /// Stops accepting, lets requests in flight finish within the timeout, closes keep-alive connections, and returns
    /// when every worker has stopped.
    public func shutdown(timeout: Duration) async {
        let deadline = MonotonicTime(nanoseconds: apus_monotonic_nanoseconds()) + timeout
        post { .shutdown(deadline: deadline) }
        await finished.wait()
    }

    private func post(_ message: () -> WorkerMessage) {
        order.withLock { _ in
            for mailbox in mailboxes { mailbox.post(message()) }
        }
    }

    /// Asks every worker and merges the answers.
    private func gather<Value: Sendable>(
        _ initial: Value,
        _ message: (_ done: @escaping @Sendable (@Sendable (inout Value) -> Void) -> Void) -> WorkerMessage
    ) async -> Value {
        await withCheckedContinuation { continuation in
            let merged = Gathering(initial, parts: mailboxes.count) { continuation.resume(returning: $0) }
            post { message { part in merged.add(part) } }
        }
    }
}

/// Counts the workers' acknowledgements.
final class Barrier: Sendable {
    private let remaining: Atomic<Int>
    private let completion: @Sendable () -> Void

    init(_ count: Int, _ completion: @escaping @Sendable () -> Void) {
        remaining = Atomic(count)
        self.completion = completion
    }

    @Sendable func arrive() {
        if remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { completion() }
    }
}

/// Merges the workers' answers.
final class Gathering<Value: Sendable>: Sendable {
    private let state: Mutex<(value: Value, remaining: Int)>
    private let completion: @Sendable (Value) -> Void

    init(_ initial: Value, parts: Int, _ completion: @escaping @Sendable (Value) -> Void) {
        state = Mutex((initial, parts))
        self.completion = completion
    }

    func add(_ part: @Sendable (inout Value) -> Void) {
        let whole: Value? = state.withLock { state in
            part(&state.value)
            state.remaining -= 1
            return state.remaining == 0 ? state.value : nil
        }
        if let whole { completion(whole) }
    }
}

/// The moment when the last worker has stopped.
final class Finish: Sendable {
    private enum State {
        case running([CheckedContinuation<Void, Never>])
        case over
    }
    private let state = Mutex(State.running([]))

    func signal() {
        let waiting: [CheckedContinuation<Void, Never>] = state.withLock { state in
            guard case .running(let waiting) = state else { return [] }
            state = .over
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard case .running(let waiting) = state else { return true }
                state = .running(waiting + [continuation])
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}

/// A thread of the worker's own: its loop blocks in epoll and belongs on no shared executor.
enum WorkerThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// 0, or pthread_create's error.
    static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
        var thread = pthread_t()
        // Safe because the retained box is taken back exactly once, by the thread itself.
        let argument = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument)
        if code == 0 {
            pthread_detach(thread)
        } else {
            unsafe Unmanaged<Body>.fromOpaque(argument).release()
        }
        return code
    }
}
