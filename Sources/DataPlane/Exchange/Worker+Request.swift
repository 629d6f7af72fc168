import CLinux
import Glibc
import HTTPWire
import ProxyModel
import Routing
import TrafficPolicy

/// From a parsed head to a request that is with a backend.
extension Worker {
    /// Bodies up to this size travel behind the head in one buffer, which can be sent again as a whole.
    private static var keptBodyBytes: Int { 8_192 }

    /// The head in `requestHead` and `headers` is whole: finds its route and sends it on.
    @inline(__always) mutating func beginExchange(_ index: Int32) {
        guard let exchange = exchanges.allocate() else {
            reject(index, .tooManyConnections)
            return
        }
        exchangeTimers.reserve(exchange)
        exchanges[exchange].begin(downstream: index, requestHead, now: now)
        let (high, low) = (random.next(), random.next())
        exchanges[exchange].requestID.set(high, low)
        downstreams[index].exchange = exchange
        downstreams[index].phase = .exchanging
        downstreams[index].mayStillSend = !exchanges[exchange].requestBody.isDone
        downstreamTimers.cancel(index)
        totals.requests &+= 1
        retryBudget.recordRequest()
        if isStopping { exchanges[exchange].keepsAlive = false }

        let match: RouteMatch
        do {
            match = try downstreams[index].input.findRoute(requestHead, in: &routing, &normalizedPath)
        } catch {
            fail(exchange, .badRequest(error))
            return
        }
        guard match.isGroup else {
            totals.unknownHosts &+= 1
            fail(exchange, match.isUnknownHost ? .unknownHost : .noRoute)
            return
        }
        exchanges[exchange].group = match.group
        readStickyCookie(exchange, index, match.group)
        let runtime = choose(match.group, for: exchange)
        guard runtime >= 0 else {
            fail(exchange, reasonForNone(match.group))
            return
        }
        attach(exchange, runtime)
        if runtimes[runtime].isUnusual && answersItself(exchange, index) { return }
        let limit = exchanges[exchange].maxBodyBytes
        if limit > 0 && requestHead.contentLength > limit {
            fail(exchange, .bodyTooLarge)
            return
        }
        sendFirst(exchange, index)
    }

    /// Which instance the client was given before, where the group keeps clients.
    @inline(__always) private mutating func readStickyCookie(_ exchange: Int32, _ index: Int32, _ group: GroupIndex) {
        let first = routes[routing.member(0, of: group)].runtime
        if runtimes[first].stickyKey == 0 || !requestHead.kinds.contains(.cookie) { return }
        exchanges[exchange].stickyKey = downstreams[index].input.stickyKey(
            &texts[runtimes[first].texts].stickyName, &headers)
    }

    /// What only some routes want, before anything is sent. True when the exchange got an answer of ours.
    @inline(never) private mutating func answersItself(_ exchange: Int32, _ index: Int32) -> Bool {
        let runtime = exchanges[exchange].runtime
        if runtimes[runtime].maintenance == .builtIn {
            fail(exchange, .maintenance)
            return true
        }
        if !runtimes[runtime].limiter.isNone && isOverLimit(exchange, index, runtime) { return true }
        if runtimes[runtime].redirectsToHTTPS && !requestHead.isAsterisk
            && !downstreams[index].cameOverTLS(requestHead, headers)
        {
            fail(exchange, .redirectToHTTPS)
            return true
        }
        if runtimes[runtime].isUnspoken {
            fail(exchange, .backendProtocol)
            return true
        }
        let entry = runtimes[runtime].texts
        if runtimes[runtime].strippedBytes > 0
            && !downstreams[index].input.canBeStripped(requestHead, &texts[entry])
        {
            fail(exchange, .badRequest(.badTarget))
            return true
        }
        return false
    }

    /// Counts the request against the route's limit. True when it was refused.
    private mutating func isOverLimit(_ exchange: Int32, _ index: Int32, _ runtime: Int32) -> Bool {
        let address = clientAddress(index)
        let time = MonotonicTime(nanoseconds: now)
        guard let decision = runtimes[runtime].limiter.call({ $0.decide(address, now: time) }), !decision.isAllowed
        else { return false }
        abandonAdmission(exchange)
        fail(exchange, .rateLimited(decision))
        return true
    }

    /// Who asks: the peer, or what trusted proxies say of it: the last address of X-Forwarded-For that is none of theirs.
    /// Each proxy adds behind what it got, be it to the line or as a line of its own.
    private mutating func clientAddress(_ index: Int32) -> IPAddress {
        let peer = downstreams[index].peer.address
        guard downstreams[index].peerIsTrusted, requestHead.kinds.contains(.xForwardedFor) else { return peer }
        var position = headers.count
        while position > 0 {
            position -= 1
            let line = headers.lines[position]
            if line.kind != .xForwardedFor || line.isDropped { continue }
            for part in downstreams[index].input.text(line.value).split(separator: ",").reversed() {
                let text = part.filter { $0 != " " && $0 != "\t" && $0 != "[" && $0 != "]" }
                guard let address = IPAddress(text) else { return peer }
                if !shared.configuration.trustedProxies.contains(where: { $0.contains(address) }) { return address }
            }
        }
        return peer
    }

    /// Gives the exchange a route's settings, and counts it to them and to what they lead to.
    @inline(__always) mutating func attach(_ exchange: Int32, _ runtime: Int32) {
        exchanges[exchange].runtime = runtime
        exchanges[exchange].setsStickyCookie =
            runtimes[runtime].stickyKey != exchanges[exchange].stickyKey && runtimes[runtime].stickyKey != 0
        exchanges[exchange].maxBodyBytes = runtimes[runtime].maxBodyBytes
        runtimes[runtime].inFlight &+= 1
        backends[runtimes[runtime].backend].outstanding &+= 1
        let session = runtimes[runtime].session
        sessions[session].inFlight &+= 1
        sessions[session].lastRequestAt = now
    }

    @inline(__always) mutating func detach(_ exchange: Int32) {
        let runtime = exchanges[exchange].runtime
        if runtime < 0 { return }
        exchanges[exchange].runtime = -1
        backends[runtimes[runtime].backend].outstanding &-= 1
        let session = runtimes[runtime].session
        sessions[session].inFlight &-= 1
        if sessions[session].isEnded { releaseSessionIfUnused(session) }
        runtimes[runtime].inFlight &-= 1
        if runtimes[runtime].isRetired && runtimes[runtime].inFlight == 0 { releaseRuntime(runtime) }
    }

    /// Writes the forwarded head and begins to send.
    @inline(__always) private mutating func sendFirst(_ exchange: Int32, _ index: Int32) {
        let runtime = exchanges[exchange].runtime
        let upstream = takeUpstream(runtimes[runtime].backend, avoiding: -1, for: exchange)
        if upstream < 0 {
            // The head is forwarded into a buffer all the same only when there is somebody to send it to.
            fail(exchange, connectFailure(runtimes[runtime].backend))
            return
        }
        guard makeRoom(upstream, runtime) else {
            closeUpstream(upstream)
            fail(exchange, .badRequest(.headTooLarge))
            return
        }
        upstreams[upstream].writeHead(
            from: &downstreams[index], requestHead, &headers, exchanges[exchange].requestID,
            rewriting: &runtimes[runtime], &texts[runtimes[runtime].texts])
        downstreams[index].input.consume(requestHead.size)
        exchanges[exchange].headIsConsumed = true
        keepSmallBody(exchange, index, upstream)
        attachUpstream(exchange, upstream)
        if !downstreams[index].isWatched {
            unwatched.append(EventTag(.downstream, index: index, generation: downstreams[index].generation))
        }
        if upstreams[upstream].isConnecting {
            downstreams[index].input.settle(&pool)
            exchangeTimers.set(exchange, now &+ runtimes[runtime].connectTimeout)
        } else {
            exchangeTimers.set(exchange, now &+ runtimes[runtime].responseHeadTimeout)
            pumpRequest(exchange)
        }
    }

    /// Room in the upstream's output for the head in hand as it came, and as it goes to this route's backend, with the
    /// bytes of a body behind it. False when the latter does not fit.
    @inline(__always) mutating func makeRoom(_ upstream: Int32, _ runtime: Int32, body: Int = 0) -> Bool {
        upstreams[upstream].output.attach(from: &pool)
        let entry = runtimes[runtime].texts
        let head = requestHeadLimit(
            requestHead, peer: 46, requestID: 32, pathPrefix: texts[entry].pathPrefix.count,
            host: texts[entry].host.count)
        let room = head &+ body
        if room &+ requestHead.size > upstreams[upstream].output.free { upstreams[upstream].output.enlarge(&pool) }
        let free = upstreams[upstream].output.free
        // Without the head as it came the request cannot be sent again: only heads near the limit are that large.
        let kept = room &+ requestHead.size <= free ? requestHead.size : 0
        upstreams[upstream].headStart = Int32(truncatingIfNeeded: kept)
        return room <= free
    }

    /// A small body that has arrived whole goes behind the head: one message, and it can be replayed.
    @inline(__always) private mutating func keepSmallBody(_ exchange: Int32, _ index: Int32, _ upstream: Int32) {
        guard exchanges[exchange].requestBody.kind == .length else { return }
        let length = requestHead.contentLength
        guard length <= Self.keptBodyBytes, length <= downstreams[index].input.count,
            length <= upstreams[upstream].output.free
        else { return }
        upstreams[upstream].output.appendFront(of: &downstreams[index].input, length)
        downstreams[index].input.consume(length)
        exchanges[exchange].bytesReceived &+= length
        exchanges[exchange].requestBody = .none
        downstreams[index].mayStillSend = false
    }

    @inline(__always) mutating func attachUpstream(_ exchange: Int32, _ upstream: Int32) {
        exchanges[exchange].upstream = upstream
        let endpoint = upstreams[upstream].endpoint
        exchanges[exchange].endpoint = endpoint
        endpoints[endpoint].outstanding &+= 1
        upstreams[upstream].begin(exchange)
    }

    /// The client's socket has news while its exchange is in flight.
    @inline(__always) mutating func exchangeClientIsReady(_ index: Int32, _ readiness: Readiness) {
        let exchange = downstreams[index].exchange
        if readiness.isBroken {
            closeDownstream(index)
            return
        }
        if !exchanges[exchange].requestBody.isDone || exchanges[exchange].requestForward > 0 {
            pumpRequest(exchange)
            // The pump may have ended everything; the connection may serve another exchange by now.
            if downstreams[index].exchange != exchange { return }
        }
        if readiness.isWritable && exchanges[exchange].upstream >= 0 { pumpResponse(exchange) }
    }

    /// Moves request bytes to the backend until one side blocks or the request is there.
    @inline(__always) mutating func pumpRequest(_ exchange: Int32) {
        let index = exchanges[exchange].downstream
        let upstream = exchanges[exchange].upstream
        if upstream < 0 || upstreams[upstream].isConnecting { return }
        while true {
            if !exchanges[exchange].requestBody.isDone {
                do {
                    try downstreams[index].input.frameRequest(&exchanges[exchange], &headers)
                } catch {
                    fail(exchange, .badRequest(error))
                    return
                }
                if exchanges[exchange].maxBodyBytes > 0 && bodyIsTooLarge(exchange) { return }
            }
            let forward = exchanges[exchange].requestForward
            if forward > 0 || !upstreams[upstream].output.isEmpty {
                if !upstreams[upstream].isWritable { return }
                if !sendRequestBytes(exchange, index, upstream, forward) { return }
                continue
            }
            if exchanges[exchange].requestBody.isDone {
                requestIsWhole(exchange, index)
                return
            }
            if !readRequestBody(exchange, index) { return }
        }
    }

    /// One send. False when the pump has to stop: the backend blocks or the exchange is over.
    @inline(__always) private mutating func sendRequestBytes(
        _ exchange: Int32, _ index: Int32, _ upstream: Int32, _ forward: Int
    ) -> Bool {
        switch upstreams[upstream].sendRequest(downstreams[index].input, forward) {
        case .moved(let count):
            let fromHead = min(count, upstreams[upstream].output.count)
            upstreams[upstream].output.consumeKeeping(fromHead)
            let fromBody = count &- fromHead
            if fromBody > 0 {
                exchanges[exchange].hasSentBody = true
                downstreams[index].input.consume(fromBody)
                exchanges[exchange].requestForward &-= fromBody
                exchanges[exchange].bytesReceived &+= fromBody
                bodyMoved(exchange)
            }
            return true
        case .wouldBlock:
            upstreams[upstream].isWritable = false
            downstreams[index].input.settle(&pool)
            return false
        case .ended:
            return false
        case .failed:
            // The backend may have answered before it closed (413 and the like): what lies in the socket counts.
            exchanges[exchange].requestIsAborted = true
            upstreams[upstream].isReadable = true
            let generation = upstreams[upstream].generation
            pumpResponse(exchange)
            // Only if it is still this connection: the pump may have gone on with another one in its place.
            if upstreams[upstream].generation == generation && upstreams[upstream].exchange == exchange
                && !exchanges[exchange].hasResponseHead
            {
                upstreamBroke(exchange, .reset)
            }
            return false
        }
    }

    /// Nothing is left to send.
    @inline(__always) private mutating func requestIsWhole(_ exchange: Int32, _ index: Int32) {
        if exchanges[exchange].requestIsSent { return }
        exchanges[exchange].requestIsSent = true
        downstreams[index].mayStillSend = false
        downstreams[index].input.settle(&pool)
        if exchanges[exchange].hasSentBody && !exchanges[exchange].hasResponseHead {
            exchangeTimers.set(exchange, now &+ runtimes[exchanges[exchange].runtime].responseHeadTimeout)
        }
    }

    /// Receives more of the body. False when the pump has to stop.
    @inline(__always) private mutating func readRequestBody(_ exchange: Int32, _ index: Int32) -> Bool {
        guard downstreams[index].isReadable else {
            downstreams[index].input.settle(&pool)
            watch(index)
            return false
        }
        downstreams[index].input.attachRoomy(from: &pool)
        if downstreams[index].input.free == 0 { downstreams[index].input.compact() }
        if downstreams[index].input.free == 0 { downstreams[index].input.enlarge(&pool) }
        let wanted = downstreams[index].input.free
        if wanted == 0 {
            fail(exchange, .badRequest(.chunkExtensionsTooLong))
            return false
        }
        switch downstreams[index].receive() {
        case .moved(let count):
            if count < wanted && !downstreams[index].hasEnded { downstreams[index].isReadable = false }
            return true
        case .wouldBlock:
            downstreams[index].isReadable = false
            return readRequestBody(exchange, index)
        case .ended, .failed:
            // The client went away in the middle of its body: nobody waits for an answer.
            closeDownstream(index)
            return false
        }
    }

    /// A byte of a body moved: the idle timeout starts anew.
    @inline(__always) mutating func bodyMoved(_ exchange: Int32) {
        exchangeTimers.set(exchange, now &+ runtimes[exchanges[exchange].runtime].idleTimeout)
        if !exchanges[exchange].requestBody.isDone && timeouts.minimumBodyRate > 0 {
            let check = exchanges[exchange].bodyCheckedAt &+ timeouts.bodyGrace
            if check < exchangeTimers.deadline(exchange) { exchangeTimers.set(exchange, check) }
        }
    }

    /// A chunked body tells its size only as it comes.
    @inline(never) private mutating func bodyIsTooLarge(_ exchange: Int32) -> Bool {
        guard exchanges[exchange].requestBody.payloadBytes > exchanges[exchange].maxBodyBytes else { return false }
        fail(exchange, .bodyTooLarge)
        return true
    }
}

extension Upstream {
    /// The request head at the front of the client's input, into `output`: as it came, and as it goes to the backend.
    @inline(__always) mutating func writeHead(
        from downstream: inout Downstream, _ head: RequestHead, _ headers: inout HeaderTable, _ requestID: RequestID,
        rewriting runtime: inout RouteRuntime, _ texts: inout RouteTexts
    ) {
        let rewrite = RequestRewrite(runtime, downstream)
        let peer = downstream.peerText.span.extracting(0..<Int(downstream.peerTextLength))
        writeHead(downstream.input.bytes, head, &headers, peer, requestID, rewrite, &texts)
    }

    /// The same of a head that was kept.
    @inline(never) mutating func writeHead(
        of request: inout Chunk, from downstream: inout Downstream, _ head: RequestHead, _ headers: inout HeaderTable,
        _ requestID: RequestID, rewriting runtime: inout RouteRuntime, _ texts: inout RouteTexts
    ) {
        let rewrite = RequestRewrite(runtime, downstream)
        let peer = downstream.peerText.span.extracting(0..<Int(downstream.peerTextLength))
        writeHead(request.bytes, head, &headers, peer, requestID, rewrite, &texts)
    }

    @inline(__always) private mutating func writeHead(
        _ bytes: Span<UInt8>, _ head: RequestHead, _ headers: inout HeaderTable, _ peer: Span<UInt8>,
        _ requestID: RequestID, _ rewrite: RequestRewrite, _ texts: inout RouteTexts
    ) {
        if headStart > 0 {
            output.append(bytes.extracting(0..<Int(headStart)))
            output.consumeKeeping(Int(headStart))
        }
        output.append { out in
            writeRequestHead(
                bytes, head, headers, peer: peer, requestID: requestID.text.span,
                pathPrefix: texts.pathPrefix.span, host: texts.host.span, rewrite: rewrite, to: &out)
        }
        bodyStart = Int32(truncatingIfNeeded: output.tail)
    }

    /// Sends what is left of the head and up to `forward` bytes of the body.
    @inline(__always) borrowing func sendRequest(_ body: borrowing Chunk, _ forward: Int) -> Transfer {
        if forward == 0 { return output.send(to: socket, limit: output.count) }
        if output.isEmpty { return body.send(to: socket, limit: forward) }
        return output.send(to: socket, then: body, limit: forward)
    }
}

extension RequestRewrite {
    @inline(__always) init(_ runtime: borrowing RouteRuntime, _ downstream: borrowing Downstream) {
        self.init(listenPort: downstream.listenPort, peerIsTrusted: downstream.peerIsTrusted)
        replaceHost = runtime.replacesHost
        stripPrefixBytes = Int(runtime.strippedBytes)
    }
}

extension Downstream {
    /// A trusted proxy in front of us says that the client's connection is encrypted.
    mutating func cameOverTLS(_ head: RequestHead, _ headers: borrowing HeaderTable) -> Bool {
        guard peerIsTrusted, head.kinds.contains(.xForwardedProto), let line = headers.last(.xForwardedProto) else {
            return false
        }
        let value = input.bytes.extracting(line.value)
        return value.count >= 5 && value[4] | 0x20 == UInt8(ascii: "s")
    }
}

extension Chunk {
    /// Whether what the route takes off the path stands in front of this head's. It need not where the path that matched
    /// was normalised first.
    mutating func canBeStripped(_ head: RequestHead, _ texts: inout RouteTexts) -> Bool {
        !head.pathNeedsNormalising || begins(with: &texts.path, at: head.path)
    }

    /// Whether the bytes of a range begin with these.
    private mutating func begins(with prefix: inout [UInt8], at range: ByteRange) -> Bool {
        let text = bytes.extracting(range)
        guard text.count >= prefix.count else { return false }
        for index in 0..<prefix.count where text[index] != prefix[index] { return false }
        return true
    }

    /// A part of the unread bytes as text.
    mutating func text(_ range: ByteRange) -> String {
        let part = bytes.extracting(range)
        var copy: [UInt8] = []
        for index in 0..<part.count { copy.append(part[index]) }
        return String(decoding: copy, as: UTF8.self)
    }

    /// A part of the unread bytes.
    @inline(__always) @_lifetime(borrow self)
    borrowing func bytes(_ range: ByteRange) -> Span<UInt8> { bytes.extracting(range) }
}
