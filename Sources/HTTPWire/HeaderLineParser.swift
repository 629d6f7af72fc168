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
    var hasUnusualNames = false
    while true {
        let block = bytes.block(at: position)
        var nameEnd = position &+ block.beyondPlainName.firstIndex
        if nameEnd &- position == 16 { nameEnd = try endOfLongName(bytes, from: position) }
        var valueStart = nameEnd &+ 2
        if !bytes.has(": ", at: nameEnd) || nameEnd == position {
            if nameEnd == position && bytes.hasLineEnd(at: position) { break }
            let end = try endOfUnusualName(bytes, from: position, knownTo: nameEnd)
            if end < 0 { return -1 }
            if end != nameEnd { hasUnusualNames = true }
            nameEnd = end
            valueStart = end &+ 1
        }
        if valueStart < bytes.count && bytes[valueStart].isBlank { valueStart = endOfBlanks(bytes, from: valueStart) }
        var lineEnd = bytes.firstControl(from: valueStart)
        if !bytes.hasLineEnd(at: lineEnd) {
            lineEnd = try endOfUnusualValue(bytes, from: lineEnd)
            if lineEnd < 0 { return -1 }
        }
        var valueEnd = lineEnd
        if bytes[valueEnd &- 1] <= Byte.space { valueEnd = startOfBlanks(bytes, from: valueStart, to: lineEnd) }

        if count == maxHeaders { throw .tooManyHeaders }
        let nameLength = nameEnd &- position
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
            if line.isDropped { fields.hasDropped = true }
        }
        kinds |= 1 &<< UInt32(kind.rawValue)
        table.write(line, at: count)
        count &+= 1
        position = lineEnd &+ 2
    }
    table.count = count
    fields.headerCount = count
    fields.kinds = HeaderKindSet(rawValue: kinds)
    if hasUnusualNames { dropUnderscored(bytes, &fields, &table) }
    if fields.connectionNamesOthers { dropNominated(bytes, &fields, &table) }
    return position &+ 2
}

/// More than any name needs, and less than a line's `nameLength` can count.
private let maxNameBytes = 4096

/// Where the plain part of a name ends that is longer than a block, or the end of the bytes.
@inline(never)
private func endOfLongName(_ bytes: Span<UInt8>, from start: Int) throws(HeadError) -> Int {
    let end = bytes.endOfPlainName(from: start &+ 16)
    if end &- start > maxNameBytes { throw .badHeaderName }
    return end
}

/// Where a name ends that has other characters than letters, digits and `-`, or -1 when more bytes are needed.
///
/// - Throws: where the line is no header line.
@inline(never)
private func endOfUnusualName(_ bytes: Span<UInt8>, from start: Int, knownTo end: Int) throws(HeadError) -> Int {
    var index = end
    while index < bytes.count && bytes[index].isToken { index &+= 1 }
    if index &- start > maxNameBytes { throw .badHeaderName }
    if index == bytes.count { return -1 }
    switch bytes[index] {
    case Byte.colon where index > start: return index
    case Byte.space, Byte.tab:
        // RFC 9112 §5.1 and §5.2: both have been used to show different recipients different messages.
        throw index == start ? .obsoleteLineFolding : .whitespaceBeforeColon
    case Byte.carriageReturn where index == start:
        // Half of an empty line.
        if index &+ 1 == bytes.count { return -1 }
        throw .bareCarriageReturn
    case Byte.lineFeed: throw .bareLineFeed
    default: throw .badHeaderName
    }
}

/// Where a value ends in which a control byte was found at `start` that does not begin a CRLF, or -1 when more bytes
/// are needed. HTAB goes on, anything else is an error.
@inline(never)
func endOfUnusualValue(_ bytes: Span<UInt8>, from start: Int) throws(HeadError) -> Int {
    var index = start
    while index < bytes.count {
        switch bytes[index] {
        case Byte.tab: index = bytes.firstControl(from: index &+ 1)
        case Byte.carriageReturn:
            if bytes.hasLineEnd(at: index) { return index }
            if index &+ 1 == bytes.count { return -1 }
            throw .bareCarriageReturn
        case Byte.lineFeed: throw .bareLineFeed
        default: throw .controlCharacter
        }
    }
    return -1
}

/// The first index from `start` on with neither SP nor HTAB.
@inline(never)
private func endOfBlanks(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index < bytes.count && bytes[index].isBlank { index &+= 1 }
    return index
}

/// Where the run of SP and HTAB begins that ends at `end`.
@inline(never)
private func startOfBlanks(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    var index = end
    while index > start && bytes[index &- 1].isBlank { index &-= 1 }
    return index
}

/// Drops lines whose names are those that carry trust or framing, but for `_` in place of `-`.
///
/// Gateways in the manner of CGI see the two as one (`HTTP_X_FORWARDED_FOR`), so such a line must not come from a
/// client.
@inline(never)
private func dropUnderscored(_ bytes: Span<UInt8>, _ fields: inout HeadFields, _ table: inout HeaderTable) {
    for index in 0..<table.count where isUnderscoredForm(bytes, table.lines[index].name) {
        table.drop(at: index)
        fields.hasDropped = true
    }
}

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
        if index < 16 { low[index] = byte } else { high[index &- 16] = byte }
    }
    guard hasUnderscore else { return false }
    switch HeaderKind.classify(low.foldedWords, rest: high.foldedWords.low, length: name.length) {
    case .other, .accept, .cookie, .setCookie, .location: return false
    default: return true
    }
}
