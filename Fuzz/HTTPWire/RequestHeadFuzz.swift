import HTTPWire

/// Parses and insists on the same outcome however the bytes come.
private func outcome(_ input: FuzzInput, _ head: inout RequestHead, _ headers: inout HeaderTable) -> HeadOutcome {
    var last = HeadOutcome.incomplete
    var progress = HeadProgress()
    let step = input.pieceSize == 0 ? max(input.bytes.count, 1) : input.pieceSize
    var end = 0
    while end < input.bytes.count {
        end = min(end + step, input.bytes.count)
        let bytes = input.bytes.span.extracting(0..<end)
        // At the end everything is parsed, whatever has been put off.
        let shouldParse = progress.shouldParse(bytes, limits: HeadLimits()) || end == input.bytes.count
        if !shouldParse { continue }
        do throws(HeadError) {
            if try parseRequestHead(bytes, &head, &headers, limits: HeadLimits()) { return .complete(size: head.size) }
            last = .incomplete
        } catch {
            return .refused(error)
        }
    }
    return last
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequestHead(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let input = unsafe FuzzInput(start, count) else { return 0 }
    var head = RequestHead()
    var headers = HeaderTable()
    let inPieces = outcome(input, &head, &headers)
    var whole = HeadOutcome.incomplete
    do throws(HeadError) {
        if try parseRequestHead(input.bytes.span, &head, &headers, limits: HeadLimits()) {
            whole = .complete(size: head.size)
        }
    } catch {
        whole = .refused(error)
    }
    precondition(inPieces == whole, "\(inPieces) in pieces, \(whole) at once")
    guard case .complete = whole else { return 0 }

    checkHead(input.bytes, size: head.size, lines: headers.all, firstLineEnd: head.firstLineEnd)
    precondition(head.path.end <= head.target.end && head.target.end <= head.firstLineEnd)
    precondition(head.host.start >= head.authority.start && head.host.end <= head.authority.end)
    precondition(!(head.isChunked && head.contentLength >= 0))
    precondition(head.minorVersion == 0 || !head.host.isEmpty)
    checkPath(input.bytes, head)
    checkRewritten(input, head, headers)
    return 0
}

private func checkPath(_ bytes: [UInt8], _ head: RequestHead) {
    var normal: [UInt8] = []
    do throws(HeadError) {
        try normalizePath(bytes.span, head.path, into: &normal)
    } catch {
        precondition(head.pathNeedsNormalising && (error == .pathAboveRoot || error == .badPercentEncoding))
        return
    }
    precondition(normal.first == UInt8(ascii: "/"))
    if !head.pathNeedsNormalising && !head.path.isEmpty {
        precondition(bytes[head.path.indices].elementsEqual(normal))
    }
    // What is normal stays as it is.
    var again: [UInt8] = []
    try? normalizePath(normal.span, ByteRange(from: 0, to: normal.count), into: &again)
    precondition(again == normal)
}

/// Writes the head and reads what was written: it must be the same request, with nothing smuggled in.
private func checkRewritten(_ input: FuzzInput, _ head: RequestHead, _ headers: borrowing HeaderTable) {
    var rewrite = RequestRewrite(
        listenPort: UInt16(input.choice) * 257, peerIsTrusted: input.chooses(0), isTLS: input.chooses(1))
    rewrite.replaceHost = input.chooses(2)
    rewrite.keepsTrailers = input.chooses(3)
    rewrite.stripPrefixBytes = input.chooses(4) && head.path.length > 3 ? 3 : 0
    let prefix = [UInt8](input.chooses(5) ? "/prefix".utf8 : "".utf8)
    let peer = [UInt8](input.chooses(6) ? "2001:db8::1".utf8 : "192.0.2.1".utf8)
    let host = [UInt8]("backend:8080".utf8)
    let requestID = [UInt8]("request-id".utf8)
    let limit = requestHeadLimit(
        head, peer: peer.count, requestID: requestID.count, pathPrefix: prefix.count, host: host.count)
    let written = output(limit) { out in
        writeRequestHead(
            input.bytes.span, head, headers, peer: peer.span, requestID: requestID.span, pathPrefix: prefix.span,
            host: host.span, rewrite: rewrite, to: &out)
    }

    var next = RequestHead()
    var lines = HeaderTable()
    do throws(HeadError) {
        // The table may be full and the target at its limit before this proxy adds its own.
        let isWhole = try parseRequestHead(
            written.span, &next, &lines, limits: HeadLimits(maxHeadBytes: 1 << 20, maxTargetBytes: 1 << 20))
        precondition(isWhole && next.size == written.count)
    } catch {
        precondition(error == .tooManyHeaders && headers.count > 118, "\(error)")
        return
    }
    precondition(next.minorVersion == 1 && next.methodKind == head.methodKind && !next.wantsClose)
    precondition(next.contentLength == head.contentLength && next.isChunked == head.isChunked)
    precondition(next.isAsterisk == head.isAsterisk && next.expectsContinue == head.expectsContinue)
    let authority = rewrite.replaceHost || head.authority.isEmpty ? host : Array(input.bytes[head.authority.indices])
    precondition(written[next.authority.indices].elementsEqual(authority))

    let kept = names(written, lines.all)
    let dropped = Set(names(input.bytes, headers.all, droppedOnes: true))
    // "TE" and "Connection" are ours; a name that was dropped once is not kept another time.
    precondition(dropped.subtracting(["te", "connection"]).isDisjoint(with: kept))
    for name in ["host", "content-length", "transfer-encoding", "x-forwarded-for", "forwarded"] {
        precondition(kept.count { $0 == name } <= 1, name)
    }
    precondition(kept.contains("x-forwarded-for") && kept.contains("x-request-id") && kept.contains("via"))
}
