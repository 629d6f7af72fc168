/// Reads a response head from the beginning of the bytes.
///
/// Responses are taken as strictly as requests: what one recipient reads otherwise than another is an error.
///
/// - Parameters:
///   - bytes: All bytes that have come since the end of the message before.
///   - head: What was found; meaningful only after `true`.
///   - headers: The header lines; likewise.
///   - limits: Bounds on what is taken; a response has no target.
/// - Returns: `false` when more bytes are needed.
/// - Throws: as soon as the bytes cannot become a response that is taken: 502, and the connection is of no more use.
public func parseResponseHead(
    _ bytes: Span<UInt8>, _ head: inout ResponseHead, _ headers: inout HeaderTable, limits: HeadLimits
) throws(HeadError) -> Bool {
    head = ResponseHead()
    guard try parseStatusLine(bytes, &head) else { return try needsMore(bytes, limits) }
    let end = try parseHeaderLines(
        bytes, from: head.firstLineEnd, of: .response, maxHeaders: limits.maxHeaders, &head.fields, &headers)
    if end < 0 { return try needsMore(bytes, limits) }
    if end > limits.maxHeadBytes { throw .headTooLarge }
    head.size = end
    if head.minorVersion == 0 && head.fields.isChunked { throw .transferEncodingInHTTP10 }
    if (head.status < 200 || head.status == 204) && (head.fields.contentLength >= 0 || head.fields.isChunked) {
        dropFraming(&head, &headers)
    }
    return true
}

/// Reads `HTTP/1.1 200 Reason`; the reason and the space before it may be missing.
@inline(__always)
private func parseStatusLine(_ bytes: Span<UInt8>, _ head: inout ResponseHead) throws(HeadError) -> Bool {
    if bytes.count < 14 {
        try checkBeginningOfStatusLine(bytes)
        return false
    }
    let version = bytes.word(at: 0)
    if version == packed("HTTP/1.0") {
        head.minorVersion = 0
    } else if version != packed("HTTP/1.1") {
        throw .badStatusLine
    }
    let hundreds = bytes[9] &- 0x30
    let tens = bytes[10] &- 0x30
    let ones = bytes[11] &- 0x30
    if bytes[8] != Byte.space || hundreds > 9 || tens > 9 || ones > 9 || hundreds == 0 { throw .badStatusLine }
    head.status = Int(hundreds) &* 100 &+ Int(tens) &* 10 &+ Int(ones)
    let hasSpace = bytes[12] == Byte.space
    if !hasSpace && bytes[12] != Byte.carriageReturn { throw .badStatusLine }
    var lineEnd = bytes.firstControl(from: 12)
    if !bytes.hasLineEnd(at: lineEnd) {
        lineEnd = try endOfUnusualValue(bytes, from: lineEnd)
        if lineEnd < 0 { return false }
    }
    head.reason = ByteRange(from: hasSpace ? 13 : 12, to: lineEnd)
    head.isVerbatim = hasSpace && head.minorVersion == 1
    head.firstLineEnd = lineEnd &+ 2
    return true
}

/// Checks what there is of a status line that is not complete.
@inline(never)
private func checkBeginningOfStatusLine(_ bytes: Span<UInt8>) throws(HeadError) {
    let text: StaticString = "HTTP/1."
    for index in 0..<bytes.count {
        let byte = bytes[index]
        let isRight =
            switch index {
            case 0..<7: byte == text.byte(at: index)
            case 7: byte == 0x30 || byte == 0x31
            case 8: byte == Byte.space
            case 9...11: byte.isDigit
            default: !byte.isControl || byte == Byte.carriageReturn
            }
        if !isRight { throw .badStatusLine }
    }
}

/// RFC 9110 §8.6 and RFC 9112 §6.1: neither field may be sent with 1xx and 204; they have no body whatever is said.
@inline(never)
private func dropFraming(_ head: inout ResponseHead, _ headers: inout HeaderTable) {
    for index in 0..<headers.count {
        switch headers.lines[index].kind {
        case .contentLength, .transferEncoding: headers.drop(at: index)
        default: break
        }
    }
    head.fields.hasDropped = true
    head.fields.contentLength = -1
    head.fields.isChunked = false
}
