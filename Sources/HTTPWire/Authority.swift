/// Checks an authority (`host[:port]`) and finds the host in it.
///
/// Taken are names of letters, digits, `-`, `.` and `_`, and IPv6 addresses in brackets. What else RFC 3986 allows in
/// a name (`%`, `!`, `,` …) is in no name that can be resolved, and would have to be escaped wherever the host is
/// written.
///
/// - Returns: The host without port and without one dot at its end.
func parseAuthority(_ bytes: Span<UInt8>, _ authority: ByteRange) throws(HeadError) -> ByteRange {
    let start = authority.start
    let end = authority.end
    var index = start
    while index < end {
        let lane = bytes.block(at: index).beyondHostName.firstIndex
        index &+= lane
        if lane < 16 { break }
    }
    // The scan sees bytes past the range too.
    index = min(index, end)
    if index == start {
        guard index < end, bytes[index] == Byte.openBracket else { throw .badHost }
        index = try endOfIPv6Address(bytes, authority)
    }
    var host = ByteRange(from: start, to: index)
    if index < end { try checkPort(bytes, ByteRange(from: index, to: end)) }
    if bytes[host.end &- 1] == Byte.dot {
        host.count &-= 1
        if host.isEmpty || bytes[host.end &- 1] == Byte.dot { throw .badHost }
    }
    return host
}

/// One past the closing bracket.
@inline(never)
private func endOfIPv6Address(_ bytes: Span<UInt8>, _ authority: ByteRange) throws(HeadError) -> Int {
    var index = authority.start &+ 1
    var colons = 0
    while index < authority.end && bytes[index] != Byte.closeBracket {
        let byte = bytes[index]
        if byte == Byte.colon {
            colons &+= 1
        } else if byte.hexadecimalValue > 15 && byte != Byte.dot {
            throw .badHost
        }
        index &+= 1
    }
    // The longest is "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]".
    if index == authority.end || colons < 2 || index &- authority.start > 46 { throw .badHost }
    return index &+ 1
}

/// A colon and a number up to 65535; RFC 3986 §3.2.3 allows no number at all.
private func checkPort(_ bytes: Span<UInt8>, _ port: ByteRange) throws(HeadError) {
    if bytes[port.start] != Byte.colon || port.length > 6 { throw .badHost }
    var number = 0
    var index = port.start &+ 1
    while index < port.end {
        if !bytes[index].isDigit { throw .badHost }
        number = number &* 10 &+ Int(bytes[index] &- 0x30)
        index &+= 1
    }
    if number > 65_535 { throw .badHost }
}
