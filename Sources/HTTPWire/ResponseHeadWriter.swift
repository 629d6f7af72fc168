/// How a response head is changed on its way to a client.
public struct ResponseRewrite: Hashable, Sendable {
    /// Whether the client's connection is closed after the response.
    public var close = false
    /// 1 or 0: what the client spoke.
    public var clientMinorVersion = 1
    /// Whether a chunked body is sent on without its chunks, ended by closing (to clients of HTTP/1.0).
    public var dechunk = false
    /// Whether a body that has no length is sent on in chunks.
    public var addChunked = false
    /// The status that the client is told instead of the backend's, 503 for a page of maintenance; 0 keeps it.
    public var status = 0
    /// Whether trailers are sent on, and so the line that announces them.
    public var keepsTrailers = false

    /// The way of a response that goes on as it is.
    @inlinable
    public init(clientMinorVersion: Int = 1, close: Bool = false) {
        self.clientMinorVersion = clientMinorVersion
        self.close = close
    }
}

/// The most bytes that `writeResponseHead` writes; `extra` is the count of that span.
@inlinable
public func responseHeadLimit(_ head: ResponseHead, extra: Int) -> Int {
    head.size &+ extra &+ 160
}

/// Writes the head that goes to the client: HTTP/1.1, hop-by-hop lines dropped.
///
/// - Parameters:
///   - bytes: The bytes the head was parsed from.
///   - head: What was found in them.
///   - headers: The lines that were found; the table must still be that of this head.
///   - rewrite: What is changed.
///   - removing: Names of lines that are left out, because `extra` replaces them or a route wants so. Lines that frame
///     the body are never left out.
///   - extra: Ready-made lines, each with its CRLF.
///   - out: Has room for `responseHeadLimit` bytes.
public func writeResponseHead(
    _ bytes: Span<UInt8>, _ head: ResponseHead, _ headers: borrowing HeaderTable, rewrite: ResponseRewrite,
    removing: borrowing HeaderNameSet, extra: Span<UInt8>, to out: inout OutputRawSpan
) {
    var start = 0
    if !head.isVerbatim || rewrite.status != 0 {
        writeStatusLine(bytes, head, status: rewrite.status, to: &out)
        start = head.firstLineEnd
    }
    var dropped: HeaderKindSet = rewrite.keepsTrailers ? [] : HeaderKindSet(.trailer)
    if rewrite.dechunk { dropped.insert(HeaderKindSet(.transferEncoding)) }
    let lines = headers.lines
    if removing.isEmpty {
        writeLines(
            bytes, lines, from: start, to: head.size &- 2,
            dropping: head.hasDropped || !head.kinds.isDisjoint(with: dropped) ? dropped : nil, to: &out)
    } else {
        writeLines(bytes, lines, from: start, to: head.size &- 2, dropping: dropped, removing: removing, to: &out)
    }
    out.append(extra)
    if rewrite.addChunked { out.append("Transfer-Encoding: chunked\r\n") }
    if rewrite.close {
        out.append("Connection: close\r\n\r\n")
    } else if rewrite.clientMinorVersion == 0 {
        out.append("Connection: keep-alive\r\n\r\n")
    } else {
        out.append("\r\n")
    }
}

/// A status line that is not the one that came: of HTTP/1.0, without the space that must be there, or of ours.
@inline(never)
private func writeStatusLine(_ bytes: Span<UInt8>, _ head: ResponseHead, status: Int, to out: inout OutputRawSpan) {
    out.append("HTTP/1.1 ")
    if status != 0 {
        // The reason phrase may be empty (RFC 9112 §4), its space may not.
        out.append(decimal: UInt16(truncatingIfNeeded: status))
        out.append(status == 503 ? " Service Unavailable" : " ")
    } else {
        out.append(bytes.extracting(9..<12))
        out.append(" ")
        out.append(bytes.extracting(head.reason))
    }
    out.append("\r\n")
}

/// As `writeLines`, leaving out also what the set names.
@inline(never)
private func writeLines(
    _ bytes: Span<UInt8>, _ lines: Span<HeaderLine>, from start: Int, to end: Int, dropping: HeaderKindSet,
    removing: borrowing HeaderNameSet, to out: inout OutputRawSpan
) {
    var run = start
    for index in 0..<lines.count {
        let line = lines[index]
        let isFraming = line.kind == .contentLength || line.kind == .transferEncoding
        if line.isDropped || dropping.contains(line.kind) || (!isFraming && removing.contains(bytes, line)) {
            if Int(line.start) > run { out.append(bytes.extracting(run..<Int(line.start))) }
            run = Int(line.end)
        }
    }
    if end > run { out.append(bytes.extracting(run..<end)) }
}
