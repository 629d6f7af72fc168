/// Empty lines before a request are taken for the end of the body before it (RFC 9112 §2.2); more are a flood.
private let maxEmptyLines = 4

/// Reads a request head from the beginning of the bytes.
///
/// - Parameters:
///   - bytes: All bytes that have come since the end of the request before.
///   - head: What was found; meaningful only after `true`.
///   - headers: The header lines; likewise.
///   - limits: Bounds on what is taken.
/// - Returns: `false` when more bytes are needed.
/// - Throws: as soon as the bytes cannot become a request that is taken. The connection must be closed after the answer.
/// - Complexity: O(bytes). Ask `HeadProgress` before parsing again, lest a head that comes byte by byte cost O(n²).
public func parseRequestHead(
    _ bytes: Span<UInt8>, _ head: inout RequestHead, _ headers: inout HeaderTable, limits: HeadLimits
) throws(HeadError) -> Bool {
    head = RequestHead()
    let start = try skipEmptyLines(bytes)
    guard start >= 0, try parseRequestLine(bytes, from: start, &head, limits) else {
        return try needsMore(bytes, limits)
    }
    let end = try parseHeaderLines(
        bytes, from: head.firstLineEnd, of: .request(minorVersion: head.minorVersion), maxHeaders: limits.maxHeaders,
        &head.fields, &headers)
    if end < 0 { return try needsMore(bytes, limits) }
    if end > limits.maxHeadBytes { throw .headTooLarge }
    head.size = end
    if head.minorVersion == 0 && head.fields.isChunked {
        // RFC 9112 §6.1: faulty framing in a message of a version that has no chunks.
        throw .transferEncodingInHTTP10
    }
    try takeHost(bytes, &head)
    return true
}

/// `false`, unless so many bytes have come that the head can only be too large.
func needsMore(_ bytes: Span<UInt8>, _ limits: HeadLimits) throws(HeadError) -> Bool {
    if bytes.count >= limits.maxHeadBytes { throw .headTooLarge }
    return false
}

/// Where the request line begins, or -1 when there is nothing of it yet.
@inline(__always)
private func skipEmptyLines(_ bytes: Span<UInt8>) throws(HeadError) -> Int {
    var index = 0
    while index < bytes.count && bytes[index] <= Byte.carriageReturn {
        if bytes[index] == Byte.lineFeed { throw .bareLineFeed }
        if bytes[index] != Byte.carriageReturn { throw .badMethod }
        if index &+ 1 >= bytes.count { return -1 }
        if bytes[index &+ 1] != Byte.lineFeed { throw .bareCarriageReturn }
        index &+= 2
        if index > 2 &* maxEmptyLines { throw .tooManyEmptyLines }
    }
    return index < bytes.count ? index : -1
}

/// The authority that counts and the host in it (RFC 9112 §3.2).
@inline(__always)
private func takeHost(_ bytes: Span<UInt8>, _ head: inout RequestHead) throws(HeadError) {
    if !head.fields.kinds.contains(.host) {
        if head.minorVersion == 1 { throw .missingHost }
        return
    }
    let host = try parseAuthority(bytes, head.fields.hostValue)
    if !head.isAbsoluteForm {
        head.authority = head.fields.hostValue
        head.host = host
    }
}
