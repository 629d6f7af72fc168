// What a backend is told of the client: X-Forwarded-*, Forwarded (RFC 7239), Via (RFC 9110 §7.6.3), X-Request-Id.

/// For a peer whose own word does not count. Ends the head.
@inline(__always)
func writeForwarding(
    _ bytes: Span<UInt8>, _ head: RequestHead, _ peer: Span<UInt8>, _ requestID: Span<UInt8>,
    _ rewrite: RequestRewrite, to out: inout OutputRawSpan
) {
    out.append("X-Forwarded-For: ")
    out.append(peer)
    if rewrite.isTLS {
        out.append("\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: ")
    } else {
        out.append("\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ")
    }
    out.append(decimal: rewrite.listenPort)
    if !head.authority.isEmpty {
        out.append("\r\nX-Forwarded-Host: ")
        out.append(bytes.extracting(head.authority))
    }
    out.append("\r\nForwarded: ")
    writeForwardedElement(bytes, head, peer, rewrite, to: &out)
    out.append("\r\nVia: 1.1 apus\r\nX-Request-Id: ")
    out.append(requestID)
    out.append("\r\n\r\n")
}

/// For a peer that is believed: lists are extended, what it gave once is kept, what is missing is added. Ends the
/// head.
@inline(never)
func writeTrustedForwarding(
    _ bytes: Span<UInt8>, _ head: RequestHead, _ headers: borrowing HeaderTable, _ peer: Span<UInt8>,
    _ requestID: Span<UInt8>, _ rewrite: RequestRewrite, to out: inout OutputRawSpan
) {
    out.append("X-Forwarded-For: ")
    writeJoined(bytes, headers, .xForwardedFor, to: &out)
    out.append(peer)
    out.append("\r\n")
    if !head.kinds.contains(.xForwardedProto) {
        out.append("X-Forwarded-Proto: ")
        if rewrite.isTLS { out.append("https\r\n") } else { out.append("http\r\n") }
    }
    if !head.kinds.contains(.xForwardedPort) {
        out.append("X-Forwarded-Port: ")
        out.append(decimal: rewrite.listenPort)
        out.append("\r\n")
    }
    if !head.kinds.contains(.xForwardedHost) && !head.authority.isEmpty {
        out.append("X-Forwarded-Host: ")
        out.append(bytes.extracting(head.authority))
        out.append("\r\n")
    }
    out.append("Forwarded: ")
    writeJoined(bytes, headers, .forwarded, to: &out)
    writeForwardedElement(bytes, head, peer, rewrite, to: &out)
    out.append("\r\nVia: 1.1 apus\r\n")
    if !head.kinds.contains(.xRequestID) {
        out.append("X-Request-Id: ")
        out.append(requestID)
        out.append("\r\n")
    }
    out.append("\r\n")
}

/// Writes the values of all lines of a kind with a comma after each.
private func writeJoined(
    _ bytes: Span<UInt8>, _ headers: borrowing HeaderTable, _ kind: HeaderKind, to out: inout OutputRawSpan
) {
    let lines = headers.lines
    for index in 0..<headers.count where lines[index].kind == kind && !lines[index].value.isEmpty {
        if lines[index].isDropped { continue }
        out.append(bytes.extracting(lines[index].value))
        out.append(", ")
    }
}

/// `for=192.0.2.1;host=example.com;proto=http`; what has a colon is quoted, an IPv6 address also in brackets
/// (RFC 7239 §4 and §6).
@inline(__always)
private func writeForwardedElement(
    _ bytes: Span<UInt8>, _ head: RequestHead, _ peer: Span<UInt8>, _ rewrite: RequestRewrite,
    to out: inout OutputRawSpan
) {
    if hasColon(peer) {
        out.append("for=\"[")
        out.append(peer)
        out.append("]\"")
    } else {
        out.append("for=")
        out.append(peer)
    }
    if !head.authority.isEmpty {
        // Of what an authority can have, only the colon and the brackets are in no token.
        let authority = bytes.extracting(head.authority)
        if head.authority.length != head.host.length || authority[0] == Byte.openBracket {
            out.append(";host=\"")
            out.append(authority)
            out.append("\"")
        } else {
            out.append(";host=")
            out.append(authority)
        }
    }
    if rewrite.isTLS { out.append(";proto=https") } else { out.append(";proto=http") }
}

/// Whether an address is one of IPv6: then there is a colon among the first five characters.
@inline(__always)
private func hasColon(_ address: Span<UInt8>) -> Bool {
    var index = 0
    while index < address.count && index < 5 {
        if address[index] == Byte.colon { return true }
        index &+= 1
    }
    return false
}
