import HTTPWire

/// What became of a chunked body.
private struct ChunkedOutcome: Equatable {
    var payload: [UInt8] = []
    var taken = 0
    var phase = BodyFraming.Phase.streaming
    var error: HeadError?
    var trailers: Int?
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzChunked(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let input = unsafe FuzzInput(start, count) else { return 0 }
    let scanned = scan(input.bytes)
    let decoded = decode(input.bytes, step: max(input.bytes.count, 1))
    let inPieces = decode(input.bytes, step: max(input.pieceSize, 1))
    precondition(decoded == inPieces)
    precondition(scanned.error == decoded.error && scanned.phase == decoded.phase)
    if scanned.error == nil {
        precondition(scanned.taken == decoded.taken && scanned.trailers == decoded.trailers)
        if let naive = naive(input.bytes) {
            precondition(decoded.payload == naive.payload && decoded.taken == naive.taken)
        }
        precondition((naive(input.bytes) != nil) == (decoded.phase == .trailers))
    }
    return 0
}

private func scan(_ bytes: [UInt8]) -> ChunkedOutcome {
    var outcome = ChunkedOutcome()
    var framing = BodyFraming.chunked
    do throws(HeadError) {
        outcome.taken = try framing.scan(bytes.span, from: 0)
    } catch {
        outcome.error = error
    }
    outcome.phase = framing.phase
    finish(bytes, &outcome)
    return outcome
}

private func decode(_ bytes: [UInt8], step: Int) -> ChunkedOutcome {
    var outcome = ChunkedOutcome()
    var framing = BodyFraming.chunked
    var end = 0
    while end < bytes.count && outcome.error == nil {
        end = min(end + step, bytes.count)
        while framing.phase == .streaming {
            do throws(HeadError) {
                let run = try framing.decode(bytes.span.extracting(0..<end), from: outcome.taken)
                precondition(run.skip >= 0 && run.count >= 0 && outcome.taken + run.skip + run.count <= end)
                outcome.payload += bytes[(outcome.taken + run.skip)..<(outcome.taken + run.skip + run.count)]
                outcome.taken += run.skip + run.count
                if run.skip + run.count == 0 { break }
            } catch {
                outcome.error = error
                // How far it came before depends on the pieces.
                outcome.taken = 0
                outcome.payload = []
                break
            }
        }
    }
    precondition(outcome.error != nil || framing.payloadBytes == outcome.payload.count)
    outcome.phase = framing.phase
    finish(bytes, &outcome)
    return outcome
}

/// Reads the trailer section after the last chunk and writes what is kept of it.
private func finish(_ bytes: [UInt8], _ outcome: inout ChunkedOutcome) {
    guard outcome.error == nil, outcome.phase == .trailers else { return }
    var headers = HeaderTable()
    do throws(HeadError) {
        outcome.trailers = try parseTrailers(bytes.span, from: outcome.taken, &headers)
    } catch {
        outcome.error = error
        return
    }
    guard let size = outcome.trailers else { return }
    checkHead(bytes, size: outcome.taken + size, lines: headers.all, firstLineEnd: outcome.taken)
    let written = output(size) { out in writeTrailers(bytes.span, headers, to: &out) }
    var again = HeaderTable()
    let writtenSize = try? parseTrailers(written.span, from: 0, &again)
    precondition(writtenSize == written.count && names(written, again.all, droppedOnes: true).isEmpty)
}

/// Decodes a body that is whole up to its last chunk in a plain way; extensions are passed over.
private func naive(_ bytes: [UInt8]) -> (payload: [UInt8], taken: Int)? {
    var payload: [UInt8] = []
    var rest = bytes[...]
    while let lineEnd = rest.firstIndex(of: 10) {
        let line = rest[..<lineEnd]
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 13 }
        guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0 else { return nil }
        rest = rest[(lineEnd + 1)...]
        if size == 0 { return (payload, rest.startIndex) }
        guard rest.count >= size + 2 else { return nil }
        payload += rest.prefix(size)
        rest = rest.dropFirst(size + 2)
    }
    return nil
}
