import CLinux
import Glibc
import HTTPWire
import ProxyModel
import Routing
import Synchronization
import TrafficPolicy

/// What all workers share: nothing that a request touches.
final class WorkerShared: Sendable {
    let configuration: DataPlaneConfiguration
    let report: @Sendable (DataPlaneEvent) -> Void
    /// Downstream connections of all workers; changed per connection.
    let connections = Atomic<Int>(0)
    let addressCounts = AddressCounts()
    /// Workers whose loop still runs.
    let running = Atomic<Int>(0)

    init(_ configuration: DataPlaneConfiguration, report: @escaping @Sendable (DataPlaneEvent) -> Void) {
        self.configuration = configuration
        self.report = report
    }
}

/// The timeouts in nanoseconds, as the hot path compares them.
struct WorkerTimeouts {
    let head, keepAlive, upstreamKeepAlive, connect, responseHead, idle, bodyGrace: UInt64
    let minimumBodyRate: Int

    init(_ timeouts: DataPlaneConfiguration.Timeouts) {
        head = timeouts.head.clampedNanoseconds
        keepAlive = timeouts.keepAlive.clampedNanoseconds
        upstreamKeepAlive = timeouts.upstreamKeepAlive.clampedNanoseconds
        connect = timeouts.connect.clampedNanoseconds
        responseHead = timeouts.responseHead.clampedNanoseconds
        idle = timeouts.idle.clampedNanoseconds
        bodyGrace = timeouts.bodyGrace.clampedNanoseconds
        minimumBodyRate = timeouts.minimumBodyRate
    }
}

/// A listening socket of one worker.
struct WorkerListener {
    var socket: Int32
    var port: UInt16
}

/// One thread, one epoll instance, and everything that it touches: connections, exchanges, buffers, its own routing
/// table and counters. Elements name each other by index; an event for a closed one is told by its generation.
struct Worker: ~Copyable {
    /// Connections over the limit that may be told so before they are closed.
    static let refusalRoom = 1_024
    static let maxRoutes = 1 << 21
    static let maxSessions = 1 << 20
    static let maxBackends = 1 << 20

    let number: Int
    let shared: WorkerShared
    let mailbox: WorkerMailbox
    let limits: HeadLimits
    let timeouts: WorkerTimeouts
    var listeners: [WorkerListener]

    var poller: Poller
    var pool = ChunkPool()
    var downstreams: Slab<Downstream>
    var exchanges: Slab<Exchange>
    var upstreams: Slab<Upstream>
    var downstreamTimers: TimerWheel
    var exchangeTimers: TimerWheel
    var upstreamTimers: TimerWheel

    var routing: RoutingTable
    var routes = Slab<RouteEntry>(capacity: maxRoutes) { RouteEntry() }
    var runtimes = Slab<RouteRuntime>(capacity: maxRoutes) { RouteRuntime() }
    var texts = Slab<RouteTexts>(capacity: maxRoutes) { RouteTexts() }
    var sessions = Slab<SessionEntry>(capacity: maxSessions) { SessionEntry() }
    var backends = Slab<Backend>(capacity: maxBackends) { Backend() }
    var healthEntries = Slab<HealthEntry>(capacity: maxRoutes) { HealthEntry() }
    var endpoints = Slab<Endpoint>(capacity: maxBackends) { Endpoint() }
    var sessionIndexes: [SessionKey: Int32] = [:]
    var backendIndexes: [BackendKey: Int32] = [:]
    var healthIndexes: [HealthKey: Int32] = [:]
    var hosts: [String: HostEntry] = [:]

    /// Scratch of the head in hand.
    var requestHead = RequestHead()
    var responseHead = ResponseHead()
    var headers = HeaderTable()
    var normalizedPath: [UInt8] = []
    /// Scratch of the choice between the members of a group.
    var candidates: [Candidate] = []
    var candidateRuntimes: [Int32] = []

    /// Monotonic nanoseconds at the begin of the current batch.
    var now: UInt64
    var random: RandomSource
    var retryBudget: RetryBudget
    /// Connections with input left over from a finished request, served at the end of the batch.
    var pipelined: [EventTag] = []
    /// Connections that were accepted lately and are not under epoll's watch yet.
    var unwatched: [EventTag] = []
    var totals = DataPlaneTotals()
    /// A descriptor held back, so that a connection can be refused when the process has no other left.
    var reserve: Int32
    var stopDeadline = UInt64.max
    var nextLimitReport: UInt64 = 0
    /// Until then nothing is accepted, since the process has no descriptor left; 0 while accepting.
    var acceptPausedUntil: UInt64 = 0
    var isStopping: Bool { stopDeadline != UInt64.max }

    init(
        number: Int, listeners: [WorkerListener], mailbox: WorkerMailbox, shared: WorkerShared,
        poller: consuming Poller
    ) {
        let configuration = shared.configuration
        let capacity = min(configuration.limits.connections + Self.refusalRoom, EventTag.indexLimit)
        self.number = number
        self.shared = shared
        self.mailbox = mailbox
        self.listeners = listeners
        limits = HeadLimits(
            maxHeadBytes: configuration.limits.headBytes, maxHeaders: configuration.limits.headerLines,
            maxTargetBytes: configuration.limits.targetBytes)
        timeouts = WorkerTimeouts(configuration.timeouts)
        now = apus_monotonic_nanoseconds()
        self.poller = poller
        downstreams = Slab(capacity: capacity) { Downstream() }
        exchanges = Slab(capacity: capacity) { Exchange() }
        upstreams = Slab(capacity: capacity * 2) { Upstream() }
        downstreamTimers = TimerWheel(capacity: capacity, now: now)
        exchangeTimers = TimerWheel(capacity: capacity, now: now)
        upstreamTimers = TimerWheel(capacity: capacity * 2, now: now)
        routing = RoutingTable(seed: configuration.seed)
        random = RandomSource(seed: configuration.seed &+ UInt64(number) &* 0x9e37_79b9_7f4a_7c15)
        retryBudget = RetryBudget()
        normalizedPath.reserveCapacity(configuration.limits.targetBytes)
        reserve = apus_eventfd()
    }

    /// A poller that knows the worker's listeners and its mailbox.
    static func makePoller(
        _ listeners: [WorkerListener], _ mailbox: WorkerMailbox
    ) throws(DataPlaneError) -> Poller {
        let poller = try Poller()
        for (index, listener) in listeners.enumerated() {
            guard poller.addSource(listener.socket, EventTag(.listener, index: Int32(index), generation: 0)) else {
                throw DataPlaneError.system(operation: "epoll_ctl", code: ENOMEM)
            }
        }
        guard poller.addSource(mailbox.wakeDescriptor, EventTag(.mailbox, index: 0, generation: 0)) else {
            throw DataPlaneError.system(operation: "epoll_ctl", code: ENOMEM)
        }
        return poller
    }

    /// Serves until it is told to stop and has nothing left to do.
    mutating func run() {
        while !isFinished {
            let count = poller.wait(milliseconds: waitLimit)
            now = apus_monotonic_nanoseconds()
            var index = 0
            while index < count {
                let (tag, readiness) = poller.event(index)
                index &+= 1
                dispatch(tag, readiness)
            }
            if !pipelined.isEmpty { servePipelined() }
            if exchangeTimers.isDue(now) { expireTimers() }
            if acceptPausedUntil != 0 && now >= acceptPausedUntil { resumeAccepting() }
        }
        closeEverything()
    }

    @inline(__always) private mutating func dispatch(_ tag: EventTag, _ readiness: Readiness) {
        if tag.subject == Subject.upstream.rawValue {
            if upstreams[tag.index].generation == tag.generation { upstreamIsReady(tag.index, readiness) }
        } else if tag.subject == Subject.downstream.rawValue {
            if downstreams[tag.index].generation == tag.generation { downstreamIsReady(tag.index, readiness) }
        } else if tag.subject == Subject.listener.rawValue {
            acceptConnection(Int(tag.index))
        } else {
            readMailbox()
        }
    }

    private var waitLimit: Int32 {
        if !pipelined.isEmpty { return 0 }
        if isStopping { return 20 }
        if acceptPausedUntil != 0 { return 50 }
        return max(downstreamTimers.waitLimit(), exchangeTimers.waitLimit(), upstreamTimers.waitLimit())
    }

    private var isFinished: Bool { isStopping && (downstreams.count == 0 || now >= stopDeadline) }

    /// Requests that were behind another one in the same buffer: one of each connection per batch.
    @inline(never) private mutating func servePipelined() {
        let batch = pipelined
        pipelined.removeAll(keepingCapacity: true)
        for tag in batch where downstreams[tag.index].generation == tag.generation {
            if downstreams[tag.index].phase == .reading { serveBuffered(tag.index) }
        }
    }

    @inline(never) private mutating func expireTimers() {
        if !unwatched.isEmpty { watchAccepted() }
        while let index = exchangeTimers.nextExpired(now) { exchangeExpired(index) }
        while let index = downstreamTimers.nextExpired(now) { downstreamExpired(index) }
        while let index = upstreamTimers.nextExpired(now) { upstreamExpired(index) }
    }

    private mutating func closeEverything() {
        for index in 0..<Int32(downstreams.initialized) where downstreams[index].phase != .closed {
            closeDownstream(index)
        }
        for index in 0..<Int32(upstreams.initialized) where upstreams[index].socket >= 0 { closeUpstream(index) }
        closeListeners()
        _ = apus_close(reserve)
    }
}
