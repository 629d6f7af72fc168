import HTTPWire

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzResponseHead(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let input = unsafe FuzzInput(start, count) else { return 0 }
    var head = ResponseHead()
    var headers = HeaderTable()
    // Longer and longer: once refused or taken, always so.
    var whole = HeadOutcome.incomplete
    let step = input.pieceSize == 0 ? max(input.bytes.count, 1) : input.pieceSize
    var end = 0
    while end < input.bytes.count {
        end = min(end + step, input.bytes.count)
        let before = whole
        do throws(HeadError) {
            let bytes = input.bytes.span.extracting(0..<end)
            let isWhole = try parseResponseHead(bytes, &head, &headers, limits: HeadLimits())
            whole = isWhole ? .complete(size: head.size) : .incomplete
        } catch {
            whole = .refused(error)
        }
        precondition(before == .incomplete || before == whole, "first \(before), then \(whole)")
    }
    guard case .complete = whole else { return 0 }

    checkHead(input.bytes, size: head.size, lines: headers.all, firstLineEnd: head.firstLineEnd)
    precondition((100...999).contains(head.status) && head.reason.end <= head.firstLineEnd - 2)
    precondition(!(head.isChunked && head.contentLength >= 0))
    precondition(head.bodyFraming(for: .head).isDone)
    checkRewritten(input, head, headers)
    return 0
}

/// Writes the head and reads what was written: it must be the same response, with nothing smuggled in.
private func checkRewritten(_ input: FuzzInput, _ head: ResponseHead, _ headers: borrowing HeaderTable) {
    var rewrite = ResponseRewrite(clientMinorVersion: input.chooses(0) ? 0 : 1, close: input.chooses(1))
    rewrite.dechunk = input.chooses(2)
    rewrite.addChunked = input.chooses(3) && !head.isChunked && head.contentLength < 0 && head.status >= 200
    rewrite.keepsTrailers = input.chooses(4)
    rewrite.status = input.chooses(5) ? 503 : 0
    let removing = HeaderNameSet(input.chooses(6) ? ["Server", "x-a", "content-length"] : [])
    let extra = [UInt8](input.chooses(7) ? "X-A: own\r\n".utf8 : "".utf8)
    let written = output(responseHeadLimit(head, extra: extra.count)) { out in
        writeResponseHead(
            input.bytes.span, head, headers, rewrite: rewrite, removing: removing, extra: extra.span, to: &out)
    }

    var next = ResponseHead()
    var lines = HeaderTable()
    do throws(HeadError) {
        let isWhole = try parseResponseHead(written.span, &next, &lines, limits: HeadLimits(maxHeadBytes: 1 << 20))
        precondition(isWhole && next.size == written.count)
    } catch {
        precondition(error == .tooManyHeaders && headers.count > 124, "\(error)")
        return
    }
    precondition(next.minorVersion == 1 && next.status == (rewrite.status == 0 ? head.status : 503))
    if next.status >= 200 && next.status != 204 {
        precondition(next.contentLength == head.contentLength)
        precondition(next.isChunked == ((head.isChunked && !rewrite.dechunk) || rewrite.addChunked))
    }
    precondition(next.wantsClose == rewrite.close)
    let kept = names(written, lines.all)
    let dropped = Set(names(input.bytes, headers.all, droppedOnes: true))
    precondition(dropped.subtracting(["connection", "x-a", "transfer-encoding"]).isDisjoint(with: kept))
    if input.chooses(6) { precondition(!kept.contains("server")) }
}
