import CLinux
import Glibc
import HTTPWire
import TrafficPolicy

/// From the backend's first byte to the last one at the client.
extension Worker {
    /// A body up to this size is copied behind the head, so that both go in one buffer.
    private static var coalescedBodyBytes: Int { 4_096 }

    @inline(__always) mutating func upstreamIsReady(_ index: Int32, _ readiness: Readiness) {
        if readiness.isReadable { upstreams[index].isReadable = true }
        if readiness.isWritable { upstreams[index].isWritable = true }
        if readiness.peerHasEnded { upstreams[index].hasEnded = true }
        let exchange = upstreams[index].exchange
        if exchange < 0 {
            // An end, or bytes that nobody asked for: either way no request may follow on it.
            if readiness.isReadable { closeUpstream(index) }
            return
        }
        if upstreams[index].isConnecting {
            connectCompleted(index, exchange, readiness)
            return
        }
        if readiness.isWritable
            && (exchanges[exchange].requestForward > 0 || !upstreams[index].output.isEmpty
                || !exchanges[exchange].requestBody.isDone)
        {
            pumpRequest(exchange)
            if upstreams[index].exchange != exchange { return }
        }
        if readiness.isReadable { pumpResponse(exchange) }
    }

    /// Moves response bytes to the client until one side blocks or the response is over.
    @inline(__always) mutating func pumpResponse(_ exchange: Int32) {
        let index = exchanges[exchange].downstream
        let upstream = exchanges[exchange].upstream
        while true {
            if upstreams[upstream].isReadable && !exchanges[exchange].responseIsRead {
                if !readResponse(exchange, upstream) { return }
            }
            while !exchanges[exchange].hasResponseHead && !upstreams[upstream].input.isEmpty {
                do {
                    guard try upstreams[upstream].parseHead(&responseHead, &headers, limits) else { break }
                } catch {
                    fail(exchange, .badResponse(error))
                    return
                }
                if !beginResponse(exchange, index, upstream) { return }
            }
            if exchanges[exchange].hasResponseHead && !frameResponse(exchange, index, upstream) { return }
            if !sendResponse(exchange, index, upstream) { return }
            if exchanges[exchange].responseIsRead {
                if exchanges[exchange].responseForward == 0 && downstreams[index].output.isEmpty {
                    finishExchange(exchange)
                    return
                }
                continue
            }
            if exchanges[exchange].relay != .verbatim && exchanges[exchange].hasMoreToRewrite
                && !upstreams[upstream].input.isEmpty
            {
                continue
            }
            if !upstreams[upstream].isReadable {
                upstreams[upstream].input.settle(&pool)
                downstreams[index].output.releaseIfEmpty(to: &pool)
                return
            }
        }
    }

    /// One receive. False when the exchange is over or broke.
    @inline(__always) private mutating func readResponse(_ exchange: Int32, _ upstream: Int32) -> Bool {
        prepareResponseInput(exchange, upstream)
        let wanted = upstreams[upstream].input.free
        if wanted == 0 {
            if exchanges[exchange].hasResponseHead {
                // Full because the client does not take it: nothing is wrong with it.
                if exchanges[exchange].responseForward > 0 || exchanges[exchange].hasMoreToRewrite { return true }
                fail(exchange, .badResponse(.chunkExtensionsTooLong))
                return false
            }
            fail(exchange, .badResponse(.headTooLarge))
            return false
        }
        switch upstreams[upstream].receive() {
        case .moved(let count):
            upstreams[upstream].hasAnswered = true
            if count < wanted && !upstreams[upstream].hasEnded { upstreams[upstream].isReadable = false }
            return true
        case .wouldBlock:
            upstreams[upstream].isReadable = false
            return true
        case .ended:
            upstreams[upstream].isReadable = false
            return responseEnded(exchange, upstream)
        case .failed:
            upstreams[upstream].isReadable = false
            if exchanges[exchange].hasResponseHead {
                cutResponse(exchange)
            } else {
                upstreamBroke(exchange, .reset)
            }
            return false
        }
    }

    @inline(__always) private mutating func prepareResponseInput(_ exchange: Int32, _ upstream: Int32) {
        upstreams[upstream].input.attachRoomy(from: &pool)
        if upstreams[upstream].input.free == 0 {
            upstreams[upstream].input.compact()
            if upstreams[upstream].input.free == 0 { upstreams[upstream].input.enlarge(&pool) }
        }
    }

    /// The backend has ended its side. False when that ends the exchange.
    private mutating func responseEnded(_ exchange: Int32, _ upstream: Int32) -> Bool {
        upstreams[upstream].canBeReused = false
        upstreams[upstream].hasEnded = true
        if !exchanges[exchange].hasResponseHead {
            if upstreams[upstream].input.isEmpty {
                upstreamBroke(exchange, .closed)
            } else {
                fail(exchange, .truncatedHead)
            }
            return false
        }
        if exchanges[exchange].responseBody.kind == .untilClose {
            exchanges[exchange].sourceHasEnded = true
            if exchanges[exchange].relay == .verbatim {
                exchanges[exchange].responseForward = upstreams[upstream].input.count
                exchanges[exchange].responseBody = .none
            }
            return true
        }
        // What has come is passed on; then the client learns by a reset connection that something is missing.
        exchanges[exchange].isTruncated = true
        cutResponse(exchange)
        return false
    }

    /// A response head is in `responseHead`. False when the exchange broke.
    @inline(__always) private mutating func beginResponse(
        _ exchange: Int32, _ index: Int32, _ upstream: Int32
    ) -> Bool {
        if responseHead.isInterim { return passInterimResponse(exchange, index, upstream) }
        let status = responseHead.status
        exchanges[exchange].status = Int32(truncatingIfNeeded: status)
        exchanges[exchange].hasResponseHead = true
        let framing = responseHead.bodyFraming(for: exchanges[exchange].isHead ? .head : .get)
        exchanges[exchange].responseBody = framing
        if !responseHead.isPersistent { upstreams[upstream].canBeReused = false }
        var rewrite = ResponseRewrite(clientMinorVersion: Int(exchanges[exchange].clientMinorVersion))
        rewrite.keepsTrailers = exchanges[exchange].clientAcceptsTrailers
        if framing.kind == .chunked {
            if exchanges[exchange].clientMinorVersion == 0 {
                exchanges[exchange].relay = .unframed
                exchanges[exchange].keepsAlive = false
                rewrite.dechunk = true
            }
        } else if framing.kind == .untilClose {
            upstreams[upstream].canBeReused = false
            if exchanges[exchange].clientMinorVersion == 0 {
                exchanges[exchange].keepsAlive = false
            } else {
                exchanges[exchange].relay = .rechunked
                rewrite.addChunked = true
            }
        }
        if !exchanges[exchange].requestBody.isDone || exchanges[exchange].requestForward > 0 || isStopping {
            exchanges[exchange].keepsAlive = false
        }
        rewrite.close = !exchanges[exchange].keepsAlive
        // A maintenance page is no answer to what was asked: caches and monitors must see that.
        if runtimes[exchanges[exchange].runtime].maintenance != .off && status == 200 {
            rewrite.status = 503
            exchanges[exchange].status = 503
        }
        if exchanges[exchange].admission != nil {
            reportToBreaker(exchange, succeeded: status != 502 && status != 503 && status != 504)
        }
        upstreams[upstream].output.release(to: &pool)
        let runtime = exchanges[exchange].runtime
        downstreams[index].output.attach(from: &pool)
        let entry = runtimes[runtime].texts
        let room = responseHeadLimit(
            responseHead, extra: max(texts[entry].responseLines.count, texts[entry].responseLinesWithCookie.count))
        if room > downstreams[index].output.free { downstreams[index].output.enlarge(&pool) }
        guard room <= downstreams[index].output.free else {
            exchanges[exchange].hasResponseHead = false
            fail(exchange, .badResponse(.headTooLarge))
            return false
        }
        let before = downstreams[index].output.count
        downstreams[index].writeHead(
            from: &upstreams[upstream].input, responseHead, &headers, rewrite, &texts[entry],
            setsCookie: exchanges[exchange].setsStickyCookie)
        exchanges[exchange].bytesSent &+= downstreams[index].output.count &- before
        upstreams[upstream].input.consume(responseHead.size)
        if !framing.isDone { exchangeTimers.set(exchange, now &+ runtimes[runtime].idleTimeout) }
        return true
    }

    /// 1xx: passed on to HTTP/1.1 clients (RFC 9110 §15.2), never to HTTP/1.0 ones; 101 was not asked for.
    @inline(never) private mutating func passInterimResponse(
        _ exchange: Int32, _ index: Int32, _ upstream: Int32
    ) -> Bool {
        guard responseHead.status != 101 else {
            fail(exchange, .unexpectedUpgrade)
            return false
        }
        if exchanges[exchange].clientMinorVersion == 1 {
            downstreams[index].output.attach(from: &pool)
            let room = responseHeadLimit(responseHead, extra: 0)
            if room > downstreams[index].output.free { downstreams[index].output.enlarge(&pool) }
            if room > downstreams[index].output.free {
                fail(exchange, .tooManyInterimResponses)
                return false
            }
            downstreams[index].writeInterimHead(from: &upstreams[upstream].input, responseHead, &headers)
        }
        upstreams[upstream].input.consume(responseHead.size)
        return true
    }

    /// Clears what has arrived of the body for the client. False when the exchange broke.
    @inline(__always) private mutating func frameResponse(
        _ exchange: Int32, _ index: Int32, _ upstream: Int32
    ) -> Bool {
        if exchanges[exchange].relay != .verbatim { return frameRewritten(exchange, index, upstream) }
        if upstreams[upstream].input.count == exchanges[exchange].responseForward { return true }
        if exchanges[exchange].responseBody.isDone {
            // Bytes behind the end of the response: whatever they are, they belong to no request of ours.
            upstreams[upstream].canBeReused = false
            return true
        }
        do {
            try upstreams[upstream].input.frameResponse(&exchanges[exchange], &headers)
        } catch {
            cutResponse(exchange)
            return false
        }
        return true
    }

    /// Sends the head and what is cleared of the body. False when the client blocks or the exchange is over.
    @inline(__always) private mutating func sendResponse(
        _ exchange: Int32, _ index: Int32, _ upstream: Int32
    ) -> Bool {
        while true {
            let forward = exchanges[exchange].responseForward
            if forward == 0 && downstreams[index].output.isEmpty { return true }
            if !downstreams[index].isWritable { return waitForClient(exchange, upstream) }
            if forward > 0 && forward <= Self.coalescedBodyBytes && forward <= downstreams[index].output.free {
                downstreams[index].output.appendFront(of: &upstreams[upstream].input, forward)
                upstreams[upstream].input.consume(forward)
                exchanges[exchange].bytesSent &+= forward
                exchanges[exchange].responseForward = 0
                continue
            }
            // With the close right behind it the last segment can carry the FIN as well.
            let closes = !exchanges[exchange].keepsAlive && exchanges[exchange].responseIsRead
            switch downstreams[index].sendResponse(upstreams[upstream].input, forward, more: closes) {
            case .moved(let count):
                let fromHead = min(count, downstreams[index].output.count)
                downstreams[index].output.consume(fromHead)
                let fromBody = count &- fromHead
                if fromBody > 0 {
                    upstreams[upstream].input.consume(fromBody)
                    exchanges[exchange].responseForward &-= fromBody
                    exchanges[exchange].bytesSent &+= fromBody
                }
                if exchanges[exchange].hasResponseHead && !exchanges[exchange].responseIsRead {
                    exchangeTimers.set(exchange, now &+ runtimes[exchanges[exchange].runtime].idleTimeout)
                }
            case .wouldBlock:
                downstreams[index].isWritable = false
            case .ended, .failed:
                closeDownstream(index)
                return false
            }
        }
    }

    /// The client does not take more now: nothing is read from the backend until it does (back-pressure).
    @inline(never) private mutating func waitForClient(_ exchange: Int32, _ upstream: Int32) -> Bool {
        upstreams[upstream].input.settle(&pool)
        exchangeTimers.set(exchange, now &+ runtimes[exchanges[exchange].runtime].idleTimeout)
        watch(exchanges[exchange].downstream)
        return false
    }

    /// The whole response is with the client's socket.
    @inline(__always) mutating func finishExchange(_ exchange: Int32) {
        let index = exchanges[exchange].downstream
        let upstream = exchanges[exchange].upstream
        let requestIsDone =
            exchanges[exchange].requestBody.isDone && exchanges[exchange].requestForward == 0
            && !exchanges[exchange].requestIsAborted
        record(exchange, exchanges[exchange].runtime)
        let endpoint = exchanges[exchange].endpoint
        endpoints[endpoint].outstanding &-= 1
        let keepsAlive = exchanges[exchange].keepsAlive && requestIsDone
        detach(exchange)
        upstreams[upstream].exchange = -1
        // Bytes behind the end of the response belong to no request of ours.
        if upstreams[upstream].canBeReused && requestIsDone && !upstreams[upstream].hasEnded
            && upstreams[upstream].input.isEmpty
            && !endpoints[endpoint].isRetired
        {
            park(upstream)
        } else {
            closeUpstream(upstream)
        }
        releaseExchange(exchange)
        downstreams[index].exchange = -1
        downstreams[index].output.release(to: &pool)
        if keepsAlive {
            awaitNextRequest(index)
        } else {
            finishDownstream(index)
        }
    }

    @inline(__always) mutating func releaseExchange(_ exchange: Int32) {
        exchangeTimers.cancel(exchange)
        exchanges[exchange].downstream = -1
        exchanges[exchange].upstream = -1
        exchanges.free(exchange)
    }

    /// Counts the finished exchange to a route; -1 for none.
    @inline(__always) mutating func record(_ exchange: Int32, _ runtime: Int32) {
        if runtime < 0 { return }
        let ended = apus_monotonic_nanoseconds()
        let microseconds = (ended &- exchanges[exchange].startedAt) / 1_000
        let status = Int(exchanges[exchange].status)
        routes[runtimes[runtime].slot].statistics.record(
            status: status, microseconds: microseconds, bytesSent: UInt64(exchanges[exchange].bytesSent),
            bytesReceived: UInt64(exchanges[exchange].bytesReceived))
    }
}

extension Upstream {
    @inline(__always) mutating func receive() -> Transfer { input.receive(from: socket) }

    /// False while more bytes are needed.
    @inline(__always) mutating func parseHead(
        _ head: inout ResponseHead, _ headers: inout HeaderTable, _ limits: HeadLimits
    ) throws(HeadError) -> Bool {
        var progress = headProgress
        let isWorthIt = progress.shouldParse(input.bytes, limits: limits)
        headProgress = progress
        guard isWorthIt, try input.parse(&head, &headers, limits) else { return false }
        // Another head follows an interim one.
        headProgress = HeadProgress()
        return true
    }
}

extension Exchange {
    /// Nothing more of the response is wanted from the backend.
    @inline(__always) var responseIsRead: Bool { hasResponseHead && responseBody.isDone }
    /// Of what has arrived, something can still be copied once the client has taken the rest.
    var hasMoreToRewrite: Bool { hasResponseHead && responseBody.phase == .streaming }
}

extension Downstream {
    @inline(__always) mutating func writeHead(
        from input: inout Chunk, _ head: ResponseHead, _ headers: inout HeaderTable, _ rewrite: ResponseRewrite,
        _ texts: inout RouteTexts, setsCookie: Bool
    ) {
        let bytes = input.bytes
        if setsCookie {
            output.append { out in
                writeResponseHead(
                    bytes, head, headers, rewrite: rewrite, removing: texts.responseNames,
                    extra: texts.responseLinesWithCookie.span, to: &out)
            }
        } else {
            output.append { out in
                writeResponseHead(
                    bytes, head, headers, rewrite: rewrite, removing: texts.responseNames,
                    extra: texts.responseLines.span, to: &out)
            }
        }
    }

    @inline(never) mutating func writeInterimHead(
        from input: inout Chunk, _ head: ResponseHead, _ headers: inout HeaderTable
    ) {
        let bytes = input.bytes
        output.append { out in
            writeResponseHead(
                bytes, head, headers, rewrite: ResponseRewrite(), removing: HeaderNameSet(),
                extra: bytes.extracting(0..<0), to: &out)
        }
    }

    /// Sends what is left of `output` and up to `forward` bytes of the backend's.
    @inline(__always) borrowing func sendResponse(_ body: borrowing Chunk, _ forward: Int, more: Bool) -> Transfer {
        if forward == 0 { return output.send(to: socket, limit: output.count, more: more) }
        if output.isEmpty { return body.send(to: socket, limit: forward, more: more) }
        return output.send(to: socket, then: body, limit: forward, more: more)
    }
}

extension Chunk {
    @inline(__always) mutating func parse(
        _ head: inout ResponseHead, _ headers: inout HeaderTable, _ limits: HeadLimits
    ) throws(HeadError) -> Bool {
        try parseResponseHead(bytes, &head, &headers, limits: limits)
    }

    /// Copies the first bytes of another chunk behind this one's.
    @inline(__always) mutating func appendFront(of other: inout Chunk, _ count: Int) {
        append(other.bytes.extracting(0..<count))
    }

    @inline(__always) mutating func frameRequest(
        _ exchange: inout Exchange, _ headers: inout HeaderTable
    ) throws(HeadError) {
        var forward = exchange.requestForward
        try frame(&exchange.requestBody, &forward, &headers, keepsTrailers: false)
        exchange.requestForward = forward
    }

    @inline(__always) mutating func frameResponse(
        _ exchange: inout Exchange, _ headers: inout HeaderTable
    ) throws(HeadError) {
        var forward = exchange.responseForward
        let keepsTrailers = exchange.clientAcceptsTrailers
        try frame(&exchange.responseBody, &forward, &headers, keepsTrailers: keepsTrailers)
        exchange.responseForward = forward
    }

    /// Clears further bytes of a body for forwarding as they are; at the end of a chunked one the trailer section is
    /// looked at.
    @inline(__always) mutating func frame(
        _ framing: inout BodyFraming, _ forward: inout Int, _ headers: inout HeaderTable, keepsTrailers: Bool
    ) throws(HeadError) {
        if count > forward && framing.phase == .streaming { forward &+= try framing.scan(bytes, from: forward) }
        if framing.phase == .trailers {
            try frameTrailers(&framing, &forward, &headers, keeping: keepsTrailers)
        }
    }

    /// Behind the last chunk: an empty trailer section goes on as it is; of any other the lines that may not go on are
    /// taken out of the buffer.
    @inline(never) private mutating func frameTrailers(
        _ framing: inout BodyFraming, _ forward: inout Int, _ headers: inout HeaderTable, keeping: Bool
    ) throws(HeadError) {
        guard let size = try parseTrailers(bytes, from: forward, &headers) else { return }
        var kept = size
        if size > 2 {
            var position = headers.count
            while position > 0 {
                position -= 1
                let line = headers.lines[position]
                if keeping && !line.isDropped { continue }
                let length = Int(line.end) - Int(line.start)
                removeMiddle(from: Int(line.start), length)
                kept -= length
            }
        }
        forward &+= kept
        framing.trailersTaken()
    }
}
