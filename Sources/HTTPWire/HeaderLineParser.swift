/// What the header lines belong to, which decides what their values mean.
enum HeaderSection {
    case request(minorVersion: Int)
    case response
    case trailers
}

/// Reads header lines up to and including the empty line after them.
///
/// The lines go into the table, what they say of the message into `fields`. Any line that is already wrong is an
/// error even where the section is not complete.
///
/// - Returns: The offset past the empty line, or -1 when more bytes are needed.
func parseHeaderLines(
    _ bytes: Span<UInt8>, from start: Int, of section: HeaderSection, maxHeaders: Int,
    _ fields: inout HeadFields, _ table: inout HeaderTable
) throws(HeadError) -> Int {
    var position = start
    var count = 0
    var kinds: UInt32 = 0
    while true {
        let block = bytes.block(at: position)
        var nameEnd = position &+ block.beyondPlainName.firstIndex
        if nameEnd &- position == 16 { nameEnd = bytes.endOfPlainName(from: nameEnd) }
        if nameEnd >= bytes.count { return -1 }
        var isLookalike = false
        if bytes[nameEnd] != Byte.colon || nameEnd == position {
            if nameEnd == position && bytes[position] == Byte.carriageReturn {
                if position &+ 1 >= bytes.count { return -1 }
                if bytes[position &+ 1] != Byte.lineFeed { throw .bareCarriageReturn }
                break
            }
            nameEnd = try endOfUnusualName(bytes, from: position, knownTo: nameEnd)
            if nameEnd >= bytes.count { return -1 }
            isLookalike = isUnderscoredForm(bytes, ByteRange(from: position, to: nameEnd))
        }

        var valueStart = nameEnd &+ 1
        while valueStart < bytes.count && bytes[valueStart].isBlank { valueStart &+= 1 }
        let lineEnd = bytes.firstControl(from: valueStart)
        if lineEnd &+ 1 >= bytes.count {
            if lineEnd < bytes.count && bytes[lineEnd] != Byte.carriageReturn { throw lineError(bytes, at: lineEnd) }
            return -1
        }
        if bytes[lineEnd] != Byte.carriageReturn || bytes[lineEnd &+ 1] != Byte.lineFeed {
            throw lineError(bytes, at: lineEnd)
        }
        if count == maxHeaders { throw .tooManyHeaders }
        var valueEnd = lineEnd
        while valueEnd > valueStart && bytes[valueEnd &- 1].isBlank { valueEnd &-= 1 }

        let nameLength = nameEnd &- position
        if nameLength > Int(UInt16.max) { throw .badHeaderName }
        let kind = HeaderKind.classify(bytes, block, at: position, length: nameLength)
        var line = HeaderLine()
        line.start = UInt32(truncatingIfNeeded: position)
        line.nameLength = UInt16(truncatingIfNeeded: nameLength)
        line.kind = kind
        line.value = ByteRange(from: valueStart, to: valueEnd)
        line.end = UInt32(truncatingIfNeeded: lineEnd &+ 2)
        if kind.rawValue >= HeaderKind.host.rawValue {
            line.isDropped = try fields.take(
                kind, bytes, line.value, of: section, isRepeated: kinds &>> UInt32(kind.rawValue) & 1 != 0)
        }
        if isLookalike || line.isDropped {
            line.isDropped = true
            fields.hasDropped = true
        }
        kinds |= 1 &<< UInt32(kind.rawValue)
        table.lines[count] = line
        count &+= 1
        position = lineEnd &+ 2
    }
    table.count = count
    fields.headerCount = count
    fields.kinds = HeaderKindSet(rawValue: kinds)
    if fields.connectionNamesOthers { dropNominated(bytes, &fields, &table) }
    return position &+ 2
}

extension HeaderKind {
    /// The kind of the name of `length` bytes at `start`, of which `block` has the first 16.
    @inline(__always)
    static func classify(_ bytes: Span<UInt8>, _ block: Block, at start: Int, length: Int) -> HeaderKind {
        let name = (block | 0x20).words
        let rest = length > 16 && length < 20 ? (bytes.block(at: start &+ 16) | 0x20).words.low : 0
        return classify(name, rest: rest, length: length)
    }
}

extension Span where Element == UInt8 {
    /// The first index from `start` on with a byte that is no letter, digit or `-`, or the end.
    @inline(never)
    func endOfPlainName(from start: Int) -> Int {
        var index = start
        while true {
            let lane = block(at: index).beyondPlainName.firstIndex
            index &+= lane
            if lane < 16 { return Swift.min(index, count) }
        }
    }
}

/// Where a name ends that has other characters than letters, digits and `-`, or the end of the bytes.
///
/// - Throws: where the line is no header line.
@inline(never)
private func endOfUnusualName(_ bytes: Span<UInt8>, from start: Int, knownTo end: Int) throws(HeadError) -> Int {
    var index = end
    while index < bytes.count && bytes[index].isToken { index &+= 1 }
    guard index < bytes.count else { return index }
    switch bytes[index] {
    case Byte.colon:
        if index == start { throw .badHeaderName }
        return index
    case Byte.space, Byte.tab:
        // RFC 9112 §5.1 and §5.2: both have been used to show different recipients different messages.
        if index == start { throw .obsoleteLineFolding }
        throw .whitespaceBeforeColon
    case Byte.lineFeed: throw .bareLineFeed
    default: throw .badHeaderName
    }
}

/// The error for the byte that a header value cannot have or that ends it wrongly.
@inline(never)
func lineError(_ bytes: Span<UInt8>, at index: Int) -> HeadError {
    switch bytes[index] {
    case Byte.carriageReturn: .bareCarriageReturn
    case Byte.lineFeed: .bareLineFeed
    default: .controlCharacter
    }
}

/// Whether a name is one of those that carry trust or framing, but for `_` in place of `-`.
///
/// Gateways in the manner of CGI see the two as one (`HTTP_X_FORWARDED_FOR`), so such a line must not come from a
/// client.
@inline(never)
private func isUnderscoredForm(_ bytes: Span<UInt8>, _ name: ByteRange) -> Bool {
    guard name.length <= 19 else { return false }
    var hasUnderscore = false
    var low = Block(repeating: 0)
    var high = Block(repeating: 0)
    for index in 0..<name.length {
        var byte = bytes[name.start &+ index]
        if byte == Byte.underscore {
            byte = Byte.dash
            hasUnderscore = true
        }
        if index < 16 { low[index] = byte | 0x20 } else { high[index &- 16] = byte | 0x20 }
    }
    guard hasUnderscore else { return false }
    switch HeaderKind.classify(low.words, rest: high.words.low, length: name.length) {
    case .other, .accept, .cookie, .setCookie, .location: return false
    default: return true
    }
}
