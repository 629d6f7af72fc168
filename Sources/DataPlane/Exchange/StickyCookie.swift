import HTTPWire

extension Chunk {
    /// The number in the cookie of this name (16 hexadecimal digits), 0 where there is none (RFC 6265 §4.2).
    @inline(never) mutating func stickyKey(_ name: inout [UInt8], _ headers: inout HeaderTable) -> UInt64 {
        let text = bytes
        let lines = headers.lines
        for position in 0..<headers.count where lines[position].kind == .cookie && !lines[position].isDropped {
            let key = stickyNumber(text.extracting(lines[position].value), name.span)
            if key != 0 { return key }
        }
        return 0
    }
}

/// Looks through the pairs of one Cookie line.
private func stickyNumber(_ value: Span<UInt8>, _ name: Span<UInt8>) -> UInt64 {
    var start = 0
    while start < value.count {
        var end = start
        while end < value.count && value[end] != UInt8(ascii: ";") { end += 1 }
        while start < end && (value[start] == UInt8(ascii: " ") || value[start] == UInt8(ascii: "\t")) { start += 1 }
        if end - start == name.count + 17 && value[start + name.count] == UInt8(ascii: "=")
            && equal(value, from: start, name)
        {
            return hexadecimal(value, from: start + name.count + 1)
        }
        start = end + 1
    }
    return 0
}

private func equal(_ value: Span<UInt8>, from start: Int, _ name: Span<UInt8>) -> Bool {
    for index in 0..<name.count where value[start + index] != name[index] { return false }
    return true
}

/// Sixteen digits as a number, 0 where one is none.
private func hexadecimal(_ value: Span<UInt8>, from start: Int) -> UInt64 {
    var number: UInt64 = 0
    for index in start..<(start + 16) {
        let byte = value[index]
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(byte - 48)
        case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(byte - 87)
        default: return 0
        }
    }
    return number
}
