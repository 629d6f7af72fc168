import Logging
import NIOPosix
import ProxyModel

/// Resolves the names of backends off the reactors and keeps their addresses fresh.
///
/// Names come into use with ``retain(_:)`` and leave with ``release(_:)``; each change of a name's addresses is handed to
/// `publish`. Look-ups block, so they run on a few threads of their own: new names on some, refreshes on others, so that
/// a name server that does not answer delays no new route.
public actor Resolver {
    /// Blocks while it asks for the addresses of a name.
    public typealias Lookup = @Sendable (String) throws(LookupError) -> [IPAddress]
    /// Takes the addresses of a name; empty with the reason where it does not resolve.
    public typealias Publish = @Sendable (_ host: String, _ addresses: [IPAddress], _ error: String?) async -> Void

    private var names: NameTable
    private var waiters: [String: [Waiter]] = [:]
    private var nextWaiter: UInt64 = 0
    private let policy: AddressPolicy
    private let lookup: Lookup
    private let publish: Publish
    private let logger: Logger
    private let newNames: NIOThreadPool
    private let refreshes: NIOThreadPool

    private struct Waiter {
        let number: UInt64
        let continuation: CheckedContinuation<Void, Never>
    }

    /// A resolver whose refreshes begin with ``run()``.
    ///
    /// - Parameters:
    ///   - interval: from one look-up of a name to the next.
    ///   - policy: addresses that are left out of what is published.
    public init(
        interval: Duration, policy: AddressPolicy, logger: Logger,
        lookup: @escaping Lookup = SystemLookup.addresses(of:), publish: @escaping Publish
    ) {
        names = NameTable(interval: interval)
        self.policy = policy
        self.lookup = lookup
        self.publish = publish
        self.logger = logger
        newNames = NIOThreadPool(numberOfThreads: 4)
        refreshes = NIOThreadPool(numberOfThreads: 4)
        newNames.start()
        refreshes.start()
    }

    /// Counts one use more of each name; the look-ups of new ones begin.
    public func retain(_ hosts: [String]) {
        for host in hosts where names.retain(host, now: .now) { begin(host, on: newNames) }
    }

    /// Counts one use less of each name; a name without any is forgotten.
    public func release(_ hosts: [String]) {
        for host in hosts {
            names.release(host)
            if names.answer(of: host) == nil { resume(host) }
        }
    }

    /// Returns when the first look-up of each of these names has ended and was published, but after `limit` at the latest.
    public func firstAnswers(for hosts: [String], within limit: Duration) async {
        let end = ContinuousClock.now + limit
        for host in hosts where isPending(host) {
            nextWaiter += 1
            let number = nextWaiter
            let timer = Task {
                try? await Task.sleep(until: end)  // Ends early only by being cancelled: then nobody waits.
                self.giveUp(host, number)
            }
            await withCheckedContinuation {
                waiters[host, default: []].append(Waiter(number: number, continuation: $0))
            }
            timer.cancel()
        }
    }

    /// The addresses that a name has at the moment, looked up at once where it is not in use.
    public func addresses(of host: String) async throws(LookupError) -> [IPAddress] {
        if let known = names.answer(of: host) {
            guard known.addresses.isEmpty else { return known.addresses }
            throw LookupError(known.error ?? "the name has no address")
        }
        return try await ask(host, on: newNames).get()
    }

    /// Something failed at the addresses of a name: it is looked up out of turn.
    public func refresh(_ host: String) {
        if names.want(host, now: .now) { begin(host, on: refreshes) }
    }

    /// Refreshes names until the task is cancelled.
    public func run() async {
        let step = min(names.interval, .seconds(1))
        while !Task.isCancelled {
            for host in names.takeDue(now: .now) { begin(host, on: refreshes) }
            do { try await Task.sleep(for: step) } catch { break }
        }
        try? await newNames.shutdownGracefully()  // Fails only where it was shut down before.
        try? await refreshes.shutdownGracefully()
    }

    private func isPending(_ host: String) -> Bool {
        names.answer(of: host) == nil && names.isInUse(host)
    }

    private func begin(_ host: String, on pool: NIOThreadPool) {
        Task {
            let result = await ask(host, on: pool)
            await finished(host, result)
        }
    }

    private func ask(_ host: String, on pool: NIOThreadPool) async -> Result<[IPAddress], LookupError> {
        let lookup = lookup
        let policy = policy
        do {
            return try await pool.runIfActive {
                Result { () throws(LookupError) in try policy.filter(lookup(host)) }
            }
        } catch {
            return .failure(LookupError("the proxy is stopping"))
        }
    }

    private func finished(_ host: String, _ result: Result<[IPAddress], LookupError>) async {
        guard let outcome = names.finished(host, result, now: .now) else { return resume(host) }
        if outcome.beganToFail, case .failure(let error) = result {
            logger.warning("The backend name \(host) does not resolve: \(error)")
        } else if outcome.healed {
            logger.notice("The backend name \(host) resolves again")
        }
        if let answer = outcome.changed {
            logger.debug("\(host) is at \(answer.addresses.map(\.description).joined(separator: ", "))")
            await publish(host, answer.addresses, answer.error)
        }
        names.settled(host)
        resume(host)
    }

    private func resume(_ host: String) {
        for waiter in waiters.removeValue(forKey: host) ?? [] { waiter.continuation.resume() }
    }

    private func giveUp(_ host: String, _ number: UInt64) {
        guard let index = waiters[host]?.firstIndex(where: { $0.number == number }) else { return }
        waiters[host]?.remove(at: index).continuation.resume()
        if waiters[host]?.isEmpty == true { waiters[host] = nil }
    }
}
