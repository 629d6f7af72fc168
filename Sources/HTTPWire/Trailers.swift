/// Reads the trailer section that begins at `from`, after the last chunk.
///
/// Lines that no recipient may take from a trailer section (RFC 9110 §6.5.1) are marked as dropped: those that frame,
/// route, authenticate or control a message, or that describe its content.
///
/// - Returns: The size of the section with its final empty line, or `nil` when more bytes are needed.
/// - Throws: where it cannot become a trailer section, or is too large.
public func parseTrailers(
    _ bytes: Span<UInt8>, from: Int, _ headers: inout HeaderTable, limits: HeadLimits = HeadLimits()
) throws(HeadError) -> Int? {
    // Nearly always there is but the empty line.
    if from &+ 1 < bytes.count && bytes[from] == Byte.carriageReturn && bytes[from &+ 1] == Byte.lineFeed {
        headers.count = 0
        return 2
    }
    var fields = HeadFields()
    let end = try parseHeaderLines(
        bytes, from: from, of: .trailers, maxHeaders: limits.maxHeaders, &fields, &headers)
    if end < 0 {
        if bytes.count &- from >= limits.maxHeadBytes { throw .headTooLarge }
        return nil
    }
    if end &- from > limits.maxHeadBytes { throw .headTooLarge }
    for index in 0..<headers.count where !headers.lines[index].isDropped {
        let line = headers.lines[index]
        if line.kind != .other || isForbiddenInTrailers(bytes, line.name) { headers.drop(at: index) }
    }
    return end &- from
}

/// Names beyond those that have a kind of their own.
private func isForbiddenInTrailers(_ bytes: Span<UInt8>, _ name: ByteRange) -> Bool {
    switch name.length {
    case 3: bytes.equals("age", in: name)
    case 4: bytes.equals("date", in: name) || bytes.equals("vary", in: name)
    case 5: bytes.equals("range", in: name)
    case 6: bytes.equals("pragma", in: name)
    case 7: bytes.equals("expires", in: name) || bytes.equals("warning", in: name)
    case 8: bytes.equals("if-match", in: name) || bytes.equals("if-range", in: name)
    case 11: bytes.equals("retry-after", in: name)
    case 12: bytes.equals("content-type", in: name) || bytes.equals("max-forwards", in: name)
    case 13:
        bytes.equals("authorization", in: name) || bytes.equals("cache-control", in: name)
            || bytes.equals("content-range", in: name) || bytes.equals("if-none-match", in: name)
    case 16: bytes.equals("content-encoding", in: name) || bytes.equals("www-authenticate", in: name)
    case 17: bytes.equalsLong("if-modified-since", in: name)
    case 19: bytes.equalsLong("if-unmodified-since", in: name)
    case 25: bytes.equalsLong("strict-transport-security", in: name)
    default: false
    }
}
