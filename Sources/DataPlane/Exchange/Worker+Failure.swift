import CLinux
import HTTPWire
import Routing
import TrafficPolicy

/// Answers of our own, and the ways in which an exchange ends early.
extension Worker {
    /// Ends the exchange with an answer of ours, or, where the backend's answer has begun, by cutting it.
    @inline(never) mutating func fail(_ exchange: Int32, _ cause: Failure) {
        if exchanges[exchange].hasResponseHead {
            cutResponse(exchange)
            return
        }
        let failure = failureOfMaintenance(exchange) ?? cause
        let prefersProblemJSON = exchanges[exchange].prefersProblemJSON || clientPrefersProblemJSON(exchange)
        if exchanges[exchange].admission != nil {
            if cause.isBackendsFault { reportToBreaker(exchange, succeeded: false) } else { abandonAdmission(exchange) }
        }
        dropUpstream(exchange)
        let index = exchanges[exchange].downstream
        let bodyHasArrived = exchanges[exchange].requestBody.isDone
        if bodyHasArrived && exchanges[exchange].requestForward > 0 {
            downstreams[index].input.consume(exchanges[exchange].requestForward)
        }
        if exchanges[exchange].group >= 0 || exchanges[exchange].runtime >= 0 { reportIfUseful(exchange, failure) }
        let closes = failure.endsConnection || !bodyHasArrived || !exchanges[exchange].keepsAlive
        var answer = LocalAnswer(status: failure.status, reason: reasonText(exchange, failure))
        answer.retryAfter = failure.retryAfter
        answer.requestID = exchanges[exchange].requestID.bytes
        answer.closes = closes
        answer.isHead = exchanges[exchange].isHead
        answer.clientMinorVersion = Int(exchanges[exchange].clientMinorVersion)
        answer.prefersProblemJSON = prefersProblemJSON
        if case .rateLimited(let decision) = failure {
            answer.rateLimit = decision
            answer.rateWindow = runtimes[exchanges[exchange].runtime].windowSeconds
        }
        if case .redirectToHTTPS = failure { answer.location = httpsLocation(exchange, index) }
        // A head that was not sent on to anybody is still in front of the input.
        if !exchanges[exchange].headIsConsumed { downstreams[index].input.consume(requestHead.size) }
        let owner = owner(exchange)
        if owner >= 0 {
            let entry = runtimes[owner].texts
            answer.extraLines = texts[entry].responseLines
            answer.replacesContentType = texts[entry].replacesContentType
        }
        exchanges[exchange].status = Int32(answer.status)
        let message = answer.bytes()
        exchanges[exchange].bytesSent &+= message.count
        record(exchange, owner)
        detach(exchange)
        releaseExchange(exchange)
        downstreams[index].exchange = -1
        downstreams[index].mayStillSend = !bodyHasArrived
        send(message, to: index, closes: closes)
    }

    /// Whose headers and counters an answer of ours gets: the exchange's route, or where none of a group could take it the
    /// group's first.
    private func owner(_ exchange: Int32) -> Int32 {
        let runtime = exchanges[exchange].runtime
        if runtime >= 0 { return runtime }
        let group = exchanges[exchange].group
        return group >= 0 ? routes[routing.member(0, of: group)].runtime : -1
    }

    /// Whatever goes wrong with a maintenance backend, the client sees maintenance.
    private func failureOfMaintenance(_ exchange: Int32) -> Failure? {
        let runtime = exchanges[exchange].runtime
        return runtime >= 0 && runtimes[runtime].maintenance != .off ? .maintenance : nil
    }

    /// `https://` with the host (without port) and target of the head in hand.
    private mutating func httpsLocation(_ exchange: Int32, _ index: Int32) -> [UInt8] {
        var location = Array("https://".utf8)
        let bytes = downstreams[index].input.bytes
        for range in [requestHead.host, requestHead.target] {
            for position in range.indices { location.append(bytes[position]) }
        }
        return location
    }

    /// What the client's Accept says. The head is still in hand, or kept with the upstream connection.
    mutating func clientPrefersProblemJSON(_ exchange: Int32) -> Bool {
        let index = exchanges[exchange].downstream
        if !exchanges[exchange].headIsConsumed {
            return requestHead.kinds.contains(.accept) && downstreams[index].input.prefersProblemJSON(headers)
        }
        let upstream = exchanges[exchange].upstream
        guard upstream >= 0, upstreams[upstream].output.isAttached else { return false }
        // Nothing more is sent of it: the connection is given up next.
        upstreams[upstream].output.rewind()
        return upstreams[upstream].output.headPrefersProblemJSON(&requestHead, &headers, limits)
    }

    /// The head in hand, or the connection itself, is refused: an answer, and the end of the connection.
    @inline(never) mutating func reject(_ index: Int32, _ failure: Failure) {
        totals.rejectedRequests &+= 1
        downstreams[index].mayStillSend = true
        answer(index, failure)
    }

    mutating func reject(_ index: Int32, _ error: HeadError) { reject(index, .badRequest(error)) }

    /// An answer of ours to a connection that has no exchange; it is closed behind it.
    @inline(never) mutating func answer(_ index: Int32, _ failure: Failure) {
        var answer = LocalAnswer(status: failure.status, reason: "\(failure.reason)")
        answer.retryAfter = failure.retryAfter
        answer.closes = true
        var id = RequestID()
        let (high, low) = (random.next(), random.next())
        id.set(high, low)
        answer.requestID = id.bytes
        downstreams[index].mayStillSend = true
        send(answer.bytes(), to: index, closes: true)
    }

    private mutating func send(_ message: [UInt8], to index: Int32, closes: Bool) {
        downstreams[index].phase = .answering
        downstreams[index].closesAfterAnswer = closes
        downstreams[index].input.settle(&pool)
        downstreams[index].output.attach(from: &pool)
        if message.count > downstreams[index].output.free { downstreams[index].output.enlarge(&pool) }
        guard message.count <= downstreams[index].output.free else {
            closeDownstream(index)
            return
        }
        downstreams[index].output.append(message)
        downstreamTimers.set(index, now &+ timeouts.idle)
        sendAnswer(index)
    }

    /// Sends what is left of an answer of ours; then the next request, or the end.
    @inline(never) mutating func sendAnswer(_ index: Int32) {
        while !downstreams[index].output.isEmpty {
            guard downstreams[index].isWritable else {
                watch(index)
                return
            }
            switch downstreams[index].sendOutput() {
            case .moved(let count): downstreams[index].output.consume(count)
            case .wouldBlock: downstreams[index].isWritable = false
            case .ended, .failed:
                closeDownstream(index)
                return
            }
        }
        downstreams[index].output.release(to: &pool)
        if downstreams[index].closesAfterAnswer {
            finishDownstream(index)
        } else {
            awaitNextRequest(index)
        }
    }

    /// The answer has begun and cannot be completed: the client learns it by the end of the connection. What was
    /// received is sent first as far as the socket takes it at once.
    @inline(never) mutating func cutResponse(_ exchange: Int32) {
        let index = exchanges[exchange].downstream
        exchanges[exchange].isTruncated = true
        if exchanges[exchange].relay != .verbatim || exchanges[exchange].responseBody.kind == .untilClose {
            // Without length or chunks only a reset tells a cut answer from a whole one.
            apus_reset_on_close(downstreams[index].socket)
        } else {
            sendRest(exchange, index)
        }
        closeDownstream(index)
    }

    private mutating func sendRest(_ exchange: Int32, _ index: Int32) {
        let upstream = exchanges[exchange].upstream
        guard upstream >= 0, downstreams[index].isWritable else { return }
        while exchanges[exchange].responseForward > 0 || !downstreams[index].output.isEmpty {
            let forward = exchanges[exchange].responseForward
            guard
                case .moved(let count) = downstreams[index].sendResponse(
                    upstreams[upstream].input, forward, more: false)
            else { return }
            let fromHead = min(count, downstreams[index].output.count)
            downstreams[index].output.consume(fromHead)
            upstreams[upstream].input.consume(count &- fromHead)
            exchanges[exchange].responseForward &-= count &- fromHead
        }
    }

    /// The client's connection is gone while its exchange was in flight.
    @inline(never) mutating func abandonExchange(_ exchange: Int32) {
        abandonAdmission(exchange)
        dropUpstream(exchange)
        // 499 is what operators know for a client that went away; a cut answer counts as the backend's failure.
        if exchanges[exchange].isTruncated {
            exchanges[exchange].status = 502
        } else if !exchanges[exchange].hasResponseHead {
            exchanges[exchange].status = 499
        }
        record(exchange, exchanges[exchange].runtime)
        detach(exchange)
        releaseExchange(exchange)
    }

    /// Closes the exchange's upstream connection, which cannot carry another one.
    mutating func dropUpstream(_ exchange: Int32) {
        let upstream = exchanges[exchange].upstream
        if upstream < 0 { return }
        exchanges[exchange].upstream = -1
        endpoints[upstreams[upstream].endpoint].outstanding &-= 1
        upstreams[upstream].exchange = -1
        closeUpstream(upstream)
    }

    private mutating func reasonText(_ exchange: Int32, _ failure: Failure) -> String {
        let text = "\(failure.reason)"
        let runtime = exchanges[exchange].runtime
        guard case .nameUnresolved = failure, runtime >= 0, let key = backends[runtimes[runtime].backend].key else {
            return text
        }
        let cause = backends[runtimes[runtime].backend].resolutionFailure ?? "it has not been resolved yet"
        return "The name of the service's backend, \(key.host), does not resolve: \(cause)."
    }

    private mutating func reportIfUseful(_ exchange: Int32, _ failure: Failure) {
        let runtime = exchanges[exchange].runtime
        guard case .nameUnresolved = failure, runtime >= 0, let key = backends[runtimes[runtime].backend].key else {
            return
        }
        shared.report(.resolve(host: key.host))
    }

    // MARK: time

    @inline(never) mutating func exchangeExpired(_ exchange: Int32) {
        let index = exchanges[exchange].downstream
        guard index >= 0 else { return }
        let upstream = exchanges[exchange].upstream
        if upstream >= 0 && upstreams[upstream].isConnecting {
            upstreamBroke(exchange, .connectTimedOut)
            return
        }
        guard exchanges[exchange].requestBody.isDone && exchanges[exchange].requestForward == 0 else {
            requestBodyExpired(exchange, index, upstream)
            return
        }
        if exchanges[exchange].hasResponseHead {
            cutResponse(exchange)
        } else {
            fail(exchange, .responseTimedOut)
        }
    }

    /// The request body's idle timeout, or the moment to look at its rate.
    private mutating func requestBodyExpired(_ exchange: Int32, _ index: Int32, _ upstream: Int32) {
        let waitsForBackend = exchanges[exchange].requestForward > 0
        let elapsed = now &- exchanges[exchange].bodyCheckedAt
        let received = exchanges[exchange].bytesReceived &- exchanges[exchange].bodyBytesAtCheck
        let wanted = Int(elapsed / 1_000_000) * timeouts.minimumBodyRate / 1_000
        if elapsed < timeouts.idle && (waitsForBackend || received >= wanted) {
            exchanges[exchange].bodyCheckedAt = now
            exchanges[exchange].bodyBytesAtCheck = exchanges[exchange].bytesReceived
            exchangeTimers.set(exchange, now &+ min(timeouts.bodyGrace, timeouts.idle))
            return
        }
        fail(exchange, waitsForBackend ? .responseTimedOut : .bodyTimedOut)
    }
}

extension Downstream {
    @inline(__always) borrowing func sendOutput() -> Transfer { output.send(to: socket, limit: output.count) }
}

extension RequestID {
    /// The 32 digits.
    var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(32)
        for index in 0..<32 { result.append(text[index]) }
        return result
    }
}
