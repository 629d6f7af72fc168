import CLinux
import Glibc
import HTTPWire
import ProxyModel
import Routing
import TrafficPolicy

/// Connections to backends: taking, keeping, losing them.
extension Worker {
    /// A connection to the backend for this exchange: an idle one, or a new one that is being made. -1 when there is no
    /// address or no descriptor. `avoiding` names an endpoint that has just failed (a new connection is made then).
    @inline(__always) mutating func takeUpstream(
        _ backend: Int32, avoiding: Int32, for exchange: Int32
    ) -> Int32 {
        let endpoint = pickEndpoint(backend, avoiding: avoiding)
        if endpoint < 0 { return -1 }
        if avoiding < 0 {
            var idle = endpoints[endpoint].idle
            while idle >= 0 {
                unpark(idle)
                // A request that must not be sent twice goes on a connection that is alive for certain.
                if exchanges[exchange].isIdempotent || isAlive(idle) {
                    upstreams[idle].wasReused = true
                    upstreamTimers.cancel(idle)
                    return idle
                }
                closeUpstream(idle)
                idle = endpoints[endpoint].idle
            }
        }
        return connect(endpoint)
    }

    /// The next address of a backend, those left alone after failures last.
    @inline(__always) private mutating func pickEndpoint(_ backend: Int32, avoiding: Int32) -> Int32 {
        let count = backends[backend].endpoints.count
        if count == 0 { return -1 }
        if count == 1 { return backends[backend].endpoints[0] }
        return pickAmongEndpoints(backend, count, avoiding: avoiding)
    }

    @inline(never) private mutating func pickAmongEndpoints(
        _ backend: Int32, _ count: Int, avoiding: Int32
    ) -> Int32 {
        let first = backends[backend].nextEndpoint % count
        backends[backend].nextEndpoint = first &+ 1
        var fallback: Int32 = -1
        var position = first
        for _ in 0..<count {
            let endpoint = backends[backend].endpoints[position]
            position = position &+ 1 == count ? 0 : position &+ 1
            if endpoint == avoiding { continue }
            if !endpoints[endpoint].ejection.isEjected(at: MonotonicTime(nanoseconds: now)) { return endpoint }
            if fallback < 0 || endpoints[endpoint].ejection.failures < endpoints[fallback].ejection.failures {
                fallback = endpoint
            }
        }
        return fallback >= 0 ? fallback : avoiding
    }

    /// Every address of the backend has failed lately and is left alone for now.
    @inline(__always) func isEjected(_ backend: Int32) -> Bool {
        let count = backends[backend].endpoints.count
        if count == 0 { return true }
        let time = MonotonicTime(nanoseconds: now)
        var position = 0
        while position < count {
            if !endpoints[backends[backend].endpoints[position]].ejection.isEjected(at: time) { return false }
            position &+= 1
        }
        return true
    }

    @inline(never) private mutating func isAlive(_ index: Int32) -> Bool {
        var byte: UInt8 = 0
        // Safe because the kernel writes at most the one byte.
        let result = unsafe apus_recv(upstreams[index].socket, &byte, 1, Int32(truncatingIfNeeded: MSG_PEEK))
        return result == -Int(EAGAIN)
    }

    @inline(never) private mutating func connect(_ endpoint: Int32) -> Int32 {
        guard let index = upstreams.allocate() else { return -1 }
        let address = endpoints[endpoint].address
        let socket = apus_connect(
            apus_address(
                high: address.high, low: address.low, port: endpoints[endpoint].port,
                is_ipv4: address.isIPv4 ? 1 : 0))
        guard socket >= 0 else {
            upstreams.free(index)
            if socket != -EMFILE && socket != -ENFILE {
                _ = endpoints[endpoint].ejection.failed(at: MonotonicTime(nanoseconds: now))
            }
            return -1
        }
        upstreams[index].open(socket, endpoint: endpoint)
        upstreamTimers.reserve(index)
        endpoints[endpoint].connections &+= 1
        totals.upstreamsOpened &+= 1
        let tag = EventTag(.upstream, index: index, generation: upstreams[index].generation)
        guard poller.addConnection(socket, tag) else {
            closeUpstream(index)
            return -1
        }
        return index
    }

    /// Why no connection could even be begun.
    mutating func connectFailure(_ backend: Int32) -> Failure {
        backends[backend].endpoints.isEmpty ? .nameUnresolved : .unreachable
    }

    @inline(never) mutating func connectCompleted(_ index: Int32, _ exchange: Int32, _ readiness: Readiness) {
        if readiness.isBroken {
            let error = apus_socket_error(upstreams[index].socket)
            upstreamBroke(exchange, error == ECONNREFUSED ? .connectRefused : .unreachable)
            return
        }
        guard readiness.isWritable else { return }
        upstreams[index].isConnecting = false
        _ = endpoints[upstreams[index].endpoint].ejection.succeeded()
        exchangeTimers.set(exchange, now &+ runtimes[exchanges[exchange].runtime].responseHeadTimeout)
        pumpRequest(exchange)
        if upstreams[index].exchange == exchange && upstreams[index].isReadable { pumpResponse(exchange) }
    }

    /// The upstream connection failed before its answer's head: tries another one where that cannot do a thing twice.
    @inline(never) mutating func upstreamBroke(_ exchange: Int32, _ failure: Failure) {
        let upstream = exchanges[exchange].upstream
        let endpoint = upstreams[upstream].endpoint
        if failure.isBeforeSending { noteUnreachable(endpoint, failure) }
        let nothingSent = failure.isBeforeSending || upstreams[upstream].hasSentNothing
        let canRepeat =
            nothingSent
            || (exchanges[exchange].isIdempotent && !exchanges[exchange].hasSentBody
                && !upstreams[upstream].hasAnswered)
        let runtime = exchanges[exchange].runtime
        guard canRepeat, !exchanges[exchange].hasSentBody, upstreams[upstream].headStart > 0,
            exchanges[exchange].retries < runtimes[runtime].maxRetries,
            upstreams[upstream].wasReused || retryBudget.tryRetry(now: MonotonicTime(nanoseconds: now))
        else {
            fail(exchange, failure)
            return
        }
        exchanges[exchange].prefersProblemJSON = clientPrefersProblemJSON(exchange)
        reportToBreaker(exchange, succeeded: false)
        exchanges[exchange].retries &+= 1
        exchanges[exchange].failedEndpointBefore = exchanges[exchange].failedEndpoint
        exchanges[exchange].failedEndpoint = endpoint
        totals.retries &+= 1
        let mayReturn = !failure.isBeforeSending && upstreams[upstream].wasReused
        var request = Chunk()
        swap(&request, &upstreams[upstream].output)
        let bodyStart = Int(upstreams[upstream].bodyStart)
        request.rewind()
        dropUpstream(exchange)
        sendAgain(exchange, &request, bodyStart, avoiding: endpoint, mayReturn: mayReturn, failure)
        request.release(to: &pool)
    }

    /// The request is written anew for another instance, chosen by the routes as they are now: the one that failed may
    /// have left in the meantime.
    private mutating func sendAgain(
        _ exchange: Int32, _ request: inout Chunk, _ bodyStart: Int, avoiding endpoint: Int32, mayReturn: Bool,
        _ failure: Failure
    ) {
        guard let isWhole = try? request.parse(&requestHead, &headers, limits), isWhole else {
            // It was parsed before: this would be a mistake of ours.
            fail(exchange, failure)
            return
        }
        let before = exchanges[exchange].runtime
        var runtime = before
        if let match = try? request.findRoute(requestHead, in: &routing, &normalizedPath), match.isGroup {
            exchanges[exchange].group = match.group
            let other = choose(match.group, for: exchange)
            if other >= 0 { runtime = other }
        }
        if runtimes[runtime].maintenance == .builtIn {
            // It has begun since the request was sent for the first time.
            fail(exchange, .maintenance)
            return
        }
        if runtime != before {
            detach(exchange)
            attach(exchange, runtime)
        }
        let upstream = takeUpstream(runtimes[runtime].backend, avoiding: endpoint, for: exchange)
        let index = exchanges[exchange].downstream
        let entry = runtimes[runtime].texts
        guard upstream >= 0, !runtimes[runtime].isUnspoken, mayReturn || upstreams[upstream].endpoint != endpoint,
            runtimes[runtime].strippedBytes == 0 || request.canBeStripped(requestHead, &texts[entry]),
            makeRoom(upstream, runtime, body: request.count &- bodyStart)
        else {
            if upstream >= 0 { closeUpstream(upstream) }
            fail(exchange, failure)
            return
        }
        upstreams[upstream].writeHead(
            of: &request, from: &downstreams[index], requestHead, &headers, exchanges[exchange].requestID,
            rewriting: &runtimes[runtime], &texts[entry])
        request.consume(bodyStart)
        if !request.isEmpty { upstreams[upstream].output.appendFront(of: &request, request.count) }
        attachUpstream(exchange, upstream)
        exchanges[exchange].requestIsSent = false
        exchanges[exchange].requestIsAborted = false
        exchangeTimers.set(exchange, now &+ runtimes[runtime].connectTimeout)
        pumpRequest(exchange)
    }

    private mutating func noteUnreachable(_ endpoint: Int32, _ failure: Failure) {
        let isFirst = endpoints[endpoint].ejection.failed(at: MonotonicTime(nanoseconds: now))
        guard isFirst, let key = backends[endpoints[endpoint].backend].key else { return }
        shared.report(
            .backendUnreachable(
                host: key.host, port: key.port, address: endpoints[endpoint].address.address,
                reason: "\(failure.reason)"))
        shared.report(.resolve(host: key.host))
    }

    // MARK: idle connections

    @inline(__always) mutating func park(_ index: Int32) {
        let endpoint = upstreams[index].endpoint
        if endpoints[endpoint].idleCount >= Int32(shared.configuration.limits.idleUpstreamsPerAddress) || isStopping {
            closeUpstream(index)
            return
        }
        upstreams[index].input.release(to: &pool)
        upstreams[index].output.release(to: &pool)
        let first = endpoints[endpoint].idle
        upstreams[index].next = first
        upstreams[index].previous = -1
        if first >= 0 { upstreams[first].previous = index }
        endpoints[endpoint].idle = index
        endpoints[endpoint].idleCount &+= 1
        upstreams[index].isIdle = true
        upstreamTimers.set(index, now &+ timeouts.upstreamKeepAlive)
    }

    @inline(__always) mutating func unpark(_ index: Int32) {
        let endpoint = upstreams[index].endpoint
        let next = upstreams[index].next
        let previous = upstreams[index].previous
        if previous >= 0 { upstreams[previous].next = next } else { endpoints[endpoint].idle = next }
        if next >= 0 { upstreams[next].previous = previous }
        endpoints[endpoint].idleCount &-= 1
        upstreams[index].isIdle = false
    }

    mutating func upstreamExpired(_ index: Int32) {
        if upstreams[index].isIdle { closeUpstream(index) }
    }

    @inline(never) mutating func closeUpstream(_ index: Int32) {
        if upstreams[index].socket < 0 { return }
        if upstreams[index].isIdle { unpark(index) }
        _ = apus_close(upstreams[index].socket)
        upstreams[index].socket = -1
        upstreams[index].exchange = -1
        upstreams[index].generation &+= 1
        upstreams[index].input.release(to: &pool)
        upstreams[index].output.release(to: &pool)
        upstreamTimers.cancel(index)
        let endpoint = upstreams[index].endpoint
        endpoints[endpoint].connections &-= 1
        upstreams.free(index)
        if endpoints[endpoint].isRetired && endpoints[endpoint].connections == 0 { releaseEndpoint(endpoint) }
    }
}

extension Upstream {
    /// Not a byte of the request has gone out.
    var hasSentNothing: Bool { output.head == Int(headStart) && !output.isEmpty && !hasAnswered }
}
