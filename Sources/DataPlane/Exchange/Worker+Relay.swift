import HTTPWire

/// Responses whose framing changes on the way: chunks taken off for HTTP/1.0, or put around a body that the backend
/// ends by closing. Rare; the payload is copied.
extension Worker {
    /// Room for the size line and the ends of a chunk of ours.
    private static var chunkOverhead: Int { 32 }

    /// Copies what has arrived to the client's output as far as there is room. False when the exchange broke.
    @inline(never) mutating func frameRewritten(_ exchange: Int32, _ index: Int32, _ upstream: Int32) -> Bool {
        while !upstreams[upstream].input.isEmpty && !exchanges[exchange].responseBody.isDone {
            downstreams[index].output.attach(from: &pool)
            if downstreams[index].output.free <= Self.chunkOverhead { downstreams[index].output.compact() }
            let room = downstreams[index].output.free &- Self.chunkOverhead
            if room <= 0 { return true }
            let before = downstreams[index].output.count
            let progressed: Bool
            if exchanges[exchange].relay == .rechunked {
                progressed = wrapPayload(exchange, index, upstream, room)
            } else {
                do {
                    progressed = try unwrapPayload(exchange, index, upstream, room)
                } catch {
                    cutResponse(exchange)
                    return false
                }
            }
            exchanges[exchange].bytesSent &+= downstreams[index].output.count &- before
            if !progressed { break }
        }
        if exchanges[exchange].responseBody.isDone {
            if !upstreams[upstream].input.isEmpty { upstreams[upstream].canBeReused = false }
        } else if exchanges[exchange].sourceHasEnded && upstreams[upstream].input.isEmpty {
            return endOfSource(exchange, index)
        }
        return true
    }

    /// The backend has closed: the last chunk where the chunks are ours.
    private mutating func endOfSource(_ exchange: Int32, _ index: Int32) -> Bool {
        if exchanges[exchange].relay == .rechunked {
            downstreams[index].output.attach(from: &pool)
            if downstreams[index].output.free < 5 { return true }
            downstreams[index].output.append("0\r\n\r\n")
            exchanges[exchange].bytesSent &+= 5
        }
        exchanges[exchange].responseBody = .none
        return true
    }

    private mutating func wrapPayload(_ exchange: Int32, _ index: Int32, _ upstream: Int32, _ room: Int) -> Bool {
        let count = min(upstreams[upstream].input.count, room)
        downstreams[index].output.appendHexadecimal(count)
        downstreams[index].output.append("\r\n")
        downstreams[index].output.appendFront(of: &upstreams[upstream].input, count)
        downstreams[index].output.append("\r\n")
        upstreams[upstream].input.consume(count)
        return true
    }

    private mutating func unwrapPayload(
        _ exchange: Int32, _ index: Int32, _ upstream: Int32, _ room: Int
    ) throws(HeadError) -> Bool {
        if exchanges[exchange].responseBody.phase == .trailers {
            guard let size = try upstreams[upstream].input.trailersSize(&headers) else { return false }
            upstreams[upstream].input.consume(size)
            exchanges[exchange].responseBody.trailersTaken()
            return true
        }
        let limit = min(upstreams[upstream].input.count, room)
        let (skip, count) = try upstreams[upstream].input.decode(&exchanges[exchange].responseBody, limit: limit)
        upstreams[upstream].input.consume(skip)
        if count > 0 {
            downstreams[index].output.appendFront(of: &upstreams[upstream].input, count)
            upstreams[upstream].input.consume(count)
        }
        return true
    }
}

extension Chunk {
    @inline(__always) mutating func trailersSize(_ headers: inout HeaderTable) throws(HeadError) -> Int? {
        try parseTrailers(bytes, from: 0, &headers)
    }

    @inline(__always) mutating func decode(
        _ framing: inout BodyFraming, limit: Int
    ) throws(HeadError) -> (skip: Int, count: Int) {
        try framing.decode(bytes.extracting(0..<limit), from: 0)
    }

    /// A number in hexadecimal digits.
    mutating func appendHexadecimal(_ number: Int) {
        var digits: [UInt8] = []
        var rest = number
        repeat {
            let nibble = UInt8(rest & 15)
            digits.append(nibble < 10 ? 48 + nibble : 87 + nibble)
            rest >>= 4
        } while rest > 0
        digits.reverse()
        append(digits)
    }
}
