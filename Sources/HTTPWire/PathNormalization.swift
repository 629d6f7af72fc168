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
    var index = range.start
    while index < range.end {
        let byte = bytes[index]
        index &+= 1
        switch byte {
        case Byte.slash:
            try resolveLastSegment(&out)
            out.append(byte)
        case Byte.percent:
            guard index &+ 1 < range.end else { throw .badPercentEncoding }
            let high = bytes[index].hexadecimalValue
            let low = bytes[index &+ 1].hexadecimalValue
            if high > 15 || low > 15 || high | low == 0 { throw .badPercentEncoding }
            index &+= 2
            let decoded = high &<< 4 | low
            if decoded.isUnreserved {
                out.append(decoded)
            } else {
                out.append(byte)
                out.append(upperCaseDigit(high))
                out.append(upperCaseDigit(low))
            }
        default: out.append(byte)
        }
    }
    if try resolveLastSegment(&out) || out.isEmpty { out.append(Byte.slash) }
}

/// Takes `/.` and `/..` from the end of what has been written, the latter with the segment before it.
///
/// - Returns: Whether there was a dot segment.
@discardableResult
private func resolveLastSegment(_ out: inout [UInt8]) throws(HeadError) -> Bool {
    guard out.last == Byte.dot else { return false }
    let count = out.count
    if count >= 2 && out[count - 2] == Byte.slash {
        out.removeLast(2)
        return true
    }
    guard count >= 3, out[count - 2] == Byte.dot, out[count - 3] == Byte.slash else { return false }
    out.removeLast(3)
    guard let slash = out.lastIndex(of: Byte.slash) else { throw .pathAboveRoot }
    out.removeLast(out.count - slash)
    return true
}

private func upperCaseDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? 0x30 &+ value : 0x37 &+ value
}
