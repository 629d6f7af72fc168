import CLinux
import Glibc
import HTTPWire
import ProxyModel
import Synchronization

/// Accepting, reading heads, and the end of client connections.
extension Worker {
    /// Bytes and time that a client gets to finish sending after we have answered and closed our side.
    private static var lingerBytes: Int32 { 1 << 20 }
    private static var lingerTime: UInt64 { 2_000_000_000 }

    /// One connection; the listener is level-triggered, so that a flood of them does not keep the others waiting, and no
    /// call is spent on finding that there is no further one.
    @inline(never) mutating func acceptConnection(_ listener: Int) {
        guard listener < listeners.count else { return }
        var peer = apus_address()
        let socket = unsafe apus_accept(listeners[listener].socket, &peer)
        if socket >= 0 {
            admit(socket, peer, port: listeners[listener].port)
        } else if socket == -EMFILE || socket == -ENFILE {
            refuseForWantOfDescriptors(listener)
        }
    }

    /// All that wait; for the end, when the listener is about to go.
    mutating func acceptWaiting(_ listener: Int) {
        while true {
            var peer = apus_address()
            let socket = unsafe apus_accept(listeners[listener].socket, &peer)
            if socket < 0 { return }
            admit(socket, peer, port: listeners[listener].port)
        }
    }

    private mutating func admit(_ socket: Int32, _ from: apus_address, port: UInt16) {
        let peer = PeerAddress(high: from.high, low: from.low, isIPv4: from.is_ipv4 != 0)
        let limits = shared.configuration.limits
        totals.connectionsAccepted += 1
        guard let index = downstreams.allocate() else {
            totals.connectionsRefused += 1
            _ = apus_close(socket)
            return
        }
        let trusted = isTrusted(peer)
        downstreams[index].open(socket, peer, listenPort: port, isTrusted: trusted)
        downstreamTimers.reserve(index)
        let open = shared.connections.add(1, ordering: .relaxed).newValue
        downstreamTimers.set(index, now &+ timeouts.head)
        if limits.connectionsPerAddress > 0 {
            downstreams[index].isCounted = shared.addressCounts.tryAdd(
                peer.address.network64(), limit: limits.connectionsPerAddress)
            if !downstreams[index].isCounted {
                totals.connectionsRefused += 1
                answer(index, .tooManyConnectionsFromAddress)
                return
            }
        }
        if open > limits.connections {
            totals.connectionsRefused += 1
            reportLimit()
            answer(index, .tooManyConnections)
            return
        }
        // Listeners defer the accept until the request is there.
        downstreams[index].isReadable = true
        readRequest(index)
    }

    /// Puts the connection under epoll's watch. A connection that is served and closed without ever waiting needs none;
    /// one whose exchange takes long gets it at the next turn of the timers, so that its end is noticed.
    @inline(__always) mutating func watch(_ index: Int32) {
        if !downstreams[index].isWatched { beginWatching(index) }
    }

    @inline(never) private mutating func beginWatching(_ index: Int32) {
        downstreams[index].isWatched = true
        let tag = EventTag(.downstream, index: index, generation: downstreams[index].generation)
        if !poller.addConnection(downstreams[index].socket, tag) { closeDownstream(index) }
    }

    /// What was accepted since the last turn of the timers and still waits for its first answer.
    @inline(never) mutating func watchAccepted() {
        for tag in unwatched where downstreams[tag.index].generation == tag.generation { watch(tag.index) }
        unwatched.removeAll(keepingCapacity: true)
    }

    private func isTrusted(_ peer: PeerAddress) -> Bool {
        let networks = shared.configuration.trustedProxies
        if networks.isEmpty { return false }
        let address = peer.address
        return networks.contains { $0.contains(address) }
    }

    /// Once a second at most: a flood is one thing to tell.
    private mutating func reportLimit() {
        guard now >= nextLimitReport else { return }
        nextLimitReport = now &+ 1_000_000_000
        shared.report(.connectionLimitReached)
    }

    /// No descriptor left: takes the waiting connection with the one held back and closes it, rather than spinning. When
    /// another thread has been quicker and taken that one too, nothing is accepted for a moment.
    private mutating func refuseForWantOfDescriptors(_ listener: Int) {
        totals.connectionsRefused += 1
        reportLimit()
        if reserve >= 0 { _ = apus_close(reserve) }
        var peer = apus_address()
        let socket = unsafe apus_accept(listeners[listener].socket, &peer)
        if socket >= 0 { _ = apus_close(socket) }
        reserve = apus_eventfd()
        if socket < 0 || reserve < 0 { pauseAccepting() }
    }

    private mutating func pauseAccepting() {
        if acceptPausedUntil != 0 { return }
        for listener in listeners { poller.removeSource(listener.socket) }
        acceptPausedUntil = now &+ 100_000_000
    }

    mutating func resumeAccepting() {
        acceptPausedUntil = 0
        if reserve < 0 { reserve = apus_eventfd() }
        for (index, listener) in listeners.enumerated() {
            // The socket was watched before, so that nothing but want of memory can keep it from being watched again.
            if !poller.addSource(listener.socket, EventTag(.listener, index: Int32(index), generation: 0)) {
                pauseAccepting()
                return
            }
        }
    }

    @inline(__always) mutating func downstreamIsReady(_ index: Int32, _ readiness: Readiness) {
        if readiness.isReadable { downstreams[index].isReadable = true }
        if readiness.isWritable { downstreams[index].isWritable = true }
        if readiness.peerHasEnded { downstreams[index].hasEnded = true }
        switch downstreams[index].phase {
        case .reading: readRequest(index)
        case .exchanging: exchangeClientIsReady(index, readiness)
        case .answering: sendAnswer(index)
        case .lingering: linger(index)
        case .closed: break
        }
    }

    /// Between requests: reads what there is and begins the request when its head is whole.
    @inline(__always) mutating func readRequest(_ index: Int32) {
        while downstreams[index].isReadable && downstreams[index].phase == .reading {
            downstreams[index].input.attachRoomy(from: &pool)
            if downstreams[index].input.free == 0 {
                downstreams[index].input.compact()
                if downstreams[index].input.free == 0 { downstreams[index].input.enlarge(&pool) }
                if downstreams[index].input.free == 0 {
                    reject(index, .headTooLarge)
                    return
                }
            }
            let wanted = downstreams[index].input.free
            switch downstreams[index].receive() {
            case .moved(let count):
                if count < wanted && !downstreams[index].hasEnded { downstreams[index].isReadable = false }
            case .wouldBlock:
                downstreams[index].isReadable = false
            case .ended, .failed:
                closeDownstream(index)
                return
            }
            if !downstreams[index].input.isEmpty && parseRequest(index) { return }
        }
        if downstreams[index].phase == .reading {
            downstreams[index].input.settle(&pool)
            watch(index)
        }
    }

    /// Parses the head at the front of the input. False when it is not whole yet.
    @discardableResult @inline(__always) mutating func parseRequest(_ index: Int32) -> Bool {
        if downstreams[index].scanned > 0 && !downstreams[index].headMayBeWhole() {
            headIsIncomplete(index)
            return false
        }
        do {
            if try downstreams[index].input.parse(&requestHead, &headers, limits) {
                beginExchange(index)
                return true
            }
        } catch {
            reject(index, error)
            return true
        }
        headIsIncomplete(index)
        return false
    }

    /// The next request may stand in the input already.
    mutating func serveBuffered(_ index: Int32) {
        if parseRequest(index) || downstreams[index].phase != .reading { return }
        if downstreams[index].isReadable {
            readRequest(index)
        } else {
            downstreams[index].input.settle(&pool)
            watch(index)
        }
    }

    @inline(never) private mutating func headIsIncomplete(_ index: Int32) {
        let held = downstreams[index].input.count
        downstreams[index].scanned = Int32(truncatingIfNeeded: held)
        if held > limits.maxHeadBytes {
            reject(index, .headTooLarge)
        } else if !downstreams[index].isInHead {
            downstreams[index].isInHead = true
            downstreamTimers.set(index, now &+ timeouts.head)
        }
    }

    /// The exchange is over and the connection stays: the next request, or idleness.
    @inline(__always) mutating func awaitNextRequest(_ index: Int32) {
        downstreams[index].phase = .reading
        downstreams[index].exchange = -1
        downstreams[index].isInHead = false
        downstreams[index].scanned = 0
        downstreamTimers.set(index, now &+ (isStopping ? Self.idleGrace : timeouts.keepAlive))
        if !downstreams[index].input.isEmpty || downstreams[index].isReadable {
            leaveForLater(index)
        } else {
            downstreams[index].input.release(to: &pool)
            watch(index)
        }
    }

    /// The connection has bytes, or may have: it is served after the other connections of this batch.
    @inline(never) private mutating func leaveForLater(_ index: Int32) {
        if downstreams[index].input.isEmpty {
            readRequest(index)
        } else {
            pipelined.append(EventTag(.downstream, index: index, generation: downstreams[index].generation))
        }
    }

    mutating func downstreamExpired(_ index: Int32) {
        switch downstreams[index].phase {
        case .reading where downstreams[index].isInHead: reject(index, .headTimedOut)
        case .closed, .exchanging: break
        case .reading, .answering, .lingering: closeDownstream(index)
        }
    }

    // MARK: the end

    /// Our side is done: the socket is closed without losing what the client has not read yet.
    @inline(__always) mutating func finishDownstream(_ index: Int32) {
        let inputIsPending = !downstreams[index].input.isEmpty || downstreams[index].isReadable
        if inputIsPending || downstreams[index].mayStillSend {
            beginLingering(index)
        } else {
            closeDownstream(index)
        }
    }

    @inline(never) private mutating func beginLingering(_ index: Int32) {
        downstreams[index].phase = .lingering
        downstreams[index].output.release(to: &pool)
        downstreams[index].input.release(to: &pool)
        _ = apus_shutdown(downstreams[index].socket, Int32(SHUT_WR))
        downstreamTimers.set(index, now &+ Self.lingerTime)
        linger(index)
        if downstreams[index].phase == .lingering { watch(index) }
    }

    @inline(never) private mutating func linger(_ index: Int32) {
        downstreams[index].input.attach(from: &pool)
        while true {
            downstreams[index].input.clear()
            switch downstreams[index].receive() {
            case .moved(let count):
                downstreams[index].lingered &+= Int32(truncatingIfNeeded: count)
                if downstreams[index].lingered < Self.lingerBytes { continue }
            case .wouldBlock:
                downstreams[index].input.clear()
                downstreams[index].input.release(to: &pool)
                return
            case .ended, .failed: break
            }
            downstreams[index].input.clear()
            closeDownstream(index)
            return
        }
    }

    @inline(never) mutating func closeDownstream(_ index: Int32) {
        guard downstreams[index].phase != .closed else { return }
        _ = apus_close(downstreams[index].socket)
        downstreams[index].socket = -1
        downstreams[index].phase = .closed
        downstreams[index].generation &+= 1
        downstreams[index].input.release(to: &pool)
        downstreams[index].output.release(to: &pool)
        downstreamTimers.cancel(index)
        let exchange = downstreams[index].exchange
        downstreams[index].exchange = -1
        if downstreams[index].isCounted {
            downstreams[index].isCounted = false
            shared.addressCounts.remove(downstreams[index].peer.address.network64())
        }
        shared.connections.subtract(1, ordering: .relaxed)
        downstreams.free(index)
        if exchange >= 0 { abandonExchange(exchange) }
    }

    mutating func closeListeners() {
        for listener in listeners { _ = apus_close(listener.socket) }
        listeners = []
    }
}

extension Downstream {
    @inline(__always) mutating func receive() -> Transfer { input.receive(from: socket) }

    /// Cheap test before a partial head is parsed again: has its last line come?
    @inline(never) mutating func headMayBeWhole() -> Bool {
        mayBeComplete(input.bytes, scannedFrom: Int(scanned))
    }
}

extension Chunk {
    // `mutating`, so that a chunk of the worker and the worker's scratch are two disjoint `inout` accesses.
    @inline(__always) mutating func parse(
        _ head: inout RequestHead, _ headers: inout HeaderTable, _ limits: HeadLimits
    ) throws(HeadError) -> Bool {
        try parseRequestHead(bytes, &head, &headers, limits: limits)
    }

    /// Drops the content.
    @inline(__always) mutating func clear() { consume(count) }
}
