/// Writes the path in the one form that routes are matched in: percent-encoded unreserved characters decoded, other
/// percent-encodings in upper case (RFC 3986 §6.2.2), dot segments resolved (§5.2.4).
///
/// Only for matching: what goes to the backend is the path as sent. An encoded slash stays encoded and so stays part
/// of its segment; empty segments stay too.
///
/// - Parameters:
///   - bytes: The bytes the head was parsed from.
///   - range: The path; empty means `/`.
///   - out: Overwritten with the result; reserve the path's length once and nothing is allocated.
/// - Throws: `pathAboveRoot` where `..` leads above the root, `badPercentEncoding` where `%` is not followed by two
///   hexadecimal digits or encodes NUL.
public func normalizePath(_ bytes: Span<UInt8>, _ range: ByteRange, into out: inout [UInt8]) throws(HeadError) {
    out.removeAll(keepingCapacity: true)
    try out.append(addingCapacity: range.length &+ 1) { (out: inout OutputSpan<UInt8>) throws(HeadError) in
        var index = range.start
        while index < range.end {
            let byte = bytes[index]
            index &+= 1
            if byte == Byte.percent {
                try appendDecoded(bytes, at: index, before: range.end, to: &out)
                index &+= 2
            } else {
                if byte == Byte.slash { try resolveLastSegment(&out) }
                out.append(byte)
            }
        }
        if try resolveLastSegment(&out) || out.isEmpty { out.append(Byte.slash) }
    }
}

/// Decodes the two digits at `index` if that changes nothing, else writes them in upper case.
@inline(__always)
private func appendDecoded(
    _ bytes: Span<UInt8>, at index: Int, before end: Int, to out: inout OutputSpan<UInt8>
) throws(HeadError) {
    guard index &+ 1 < end else { throw .badPercentEncoding }
    let high = bytes[index].hexadecimalValue
    let low = bytes[index &+ 1].hexadecimalValue
    if high > 15 || low > 15 || high | low == 0 { throw .badPercentEncoding }
    let decoded = high &<< 4 | low
    if decoded.isUnreserved {
        out.append(decoded)
    } else {
        out.append(Byte.percent)
        out.append(upperCaseDigit(high))
        out.append(upperCaseDigit(low))
    }
}

/// Takes `/.` and `/..` from the end of what has been written, the latter with the segment before it.
///
/// - Returns: Whether there was a dot segment.
@discardableResult
@inline(__always)
private func resolveLastSegment(_ out: inout OutputSpan<UInt8>) throws(HeadError) -> Bool {
    let count = out.count
    guard count >= 2, out[count &- 1] == Byte.dot else { return false }
    if out[count &- 2] == Byte.slash {
        out.removeLast(2)
        return true
    }
    guard count >= 3, out[count &- 2] == Byte.dot, out[count &- 3] == Byte.slash else { return false }
    var start = count &- 4
    while start >= 0 && out[start] != Byte.slash { start &-= 1 }
    if start < 0 { throw .pathAboveRoot }
    out.removeLast(count &- start)
    return true
}

@inline(__always)
private func upperCaseDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? 0x30 &+ value : 0x37 &+ value
}
