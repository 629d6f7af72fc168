/// The most bytes that `writeRequestHead` writes for these arguments; the counts are those of its spans.
///
/// Past the head itself there are 380 bytes of literals and digits at the most, the peer's address and the authority
/// twice, and the rest once. Joining lines into one needs no more than the lines had.
@inlinable
public func requestHeadLimit(
    _ head: RequestHead, peer: Int, requestID: Int, pathPrefix: Int, host: Int
) -> Int {
    head.size &+ 2 &* (peer &+ head.authority.length) &+ requestID &+ pathPrefix &+ host &+ 512
}

/// Writes the head that goes to the backend: HTTP/1.1, hop-by-hop lines dropped, forwarding headers added.
///
/// - Parameters:
///   - bytes: The bytes the head was parsed from.
///   - head: What was found in them.
///   - headers: The lines that were found; the table must still be that of this head.
///   - peer: The client's IP address as text, IPv6 without brackets.
///   - requestID: Sent as `X-Request-Id` unless a trusted peer gave one.
///   - pathPrefix: Put before the path; empty, or a path without `/` at its end.
///   - host: Sent as `Host` if the rewrite says so or the request has none.
///   - rewrite: What else is changed.
///   - out: Has room for `requestHeadLimit` bytes.
public func writeRequestHead(
    _ bytes: Span<UInt8>, _ head: RequestHead, _ headers: borrowing HeaderTable, peer: Span<UInt8>,
    requestID: Span<UInt8>, pathPrefix: Span<UInt8>, host: Span<UInt8>, rewrite: RequestRewrite,
    to out: inout OutputRawSpan
) {
    if head.isVerbatim && pathPrefix.isEmpty && rewrite.stripPrefixBytes == 0 {
        out.append(bytes.extracting(head.method.start..<head.firstLineEnd))
    } else {
        writeRequestLine(bytes, head, pathPrefix, strip: rewrite.stripPrefixBytes, to: &out)
    }
    let keepsHost = !rewrite.replaceHost && !head.isAbsoluteForm
    var dropped = droppedKinds(rewrite)
    if !keepsHost { dropped.insert(HeaderKindSet(.host)) }
    if !keepsHost || !head.kinds.contains(.host) {
        out.append("Host: ")
        out.append(rewrite.replaceHost || head.authority.isEmpty ? host : bytes.extracting(head.authority))
        out.append("\r\n")
    }
    writeLines(
        bytes, headers.lines, from: head.firstLineEnd, to: head.size &- 2,
        dropping: head.hasDropped || !head.kinds.isDisjoint(with: dropped) ? dropped : nil, to: &out)
    if head.acceptsTrailers { out.append("TE: trailers\r\nConnection: TE\r\n") }
    if rewrite.peerIsTrusted {
        writeTrustedForwarding(bytes, head, headers, peer, requestID, rewrite, to: &out)
    } else {
        writeForwarding(bytes, head, peer, requestID, rewrite, to: &out)
    }
}

/// The kinds of lines that are not copied.
@inline(__always)
private func droppedKinds(_ rewrite: RequestRewrite) -> HeaderKindSet {
    // Lists of a trusted peer are written anew with an entry more.
    var kinds: HeaderKindSet =
        rewrite.peerIsTrusted ? [HeaderKindSet(.xForwardedFor), HeaderKindSet(.forwarded)] : .forwarding
    if !rewrite.keepsTrailers { kinds.insert(HeaderKindSet(.trailer)) }
    return kinds
}

/// A request line that is not the one that came.
@inline(never)
private func writeRequestLine(
    _ bytes: Span<UInt8>, _ head: RequestHead, _ pathPrefix: Span<UInt8>, strip: Int,
    to out: inout OutputRawSpan
) {
    out.append(bytes.extracting(head.method))
    out.append(" ")
    if head.isAsterisk {
        out.append("*")
    } else {
        let start = min(head.target.start &+ strip, head.path.end)
        out.append(pathPrefix)
        if start == head.path.end || bytes[start] != Byte.slash {
            // "/x" with prefix "/p" stripped of "/x" is "/p", without prefix "/".
            if start < head.path.end || pathPrefix.isEmpty { out.append("/") }
        }
        out.append(bytes.extracting(start..<head.target.end))
    }
    out.append(" HTTP/1.1\r\n")
}
