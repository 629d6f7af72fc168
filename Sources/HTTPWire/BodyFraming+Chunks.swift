/// Where in the framing of a chunk the next byte is (RFC 9112 §7.1).
enum ChunkState: UInt8, Hashable, Sendable {
    case sizeStart, size
    /// After `;`, a name must follow.
    case extensionStart
    case extensionName
    /// White space after a name.
    case extensionNameBlank
    /// After `=`, a value must follow.
    case extensionValueStart
    case extensionValue
    case extensionQuoted
    case extensionQuotedPair
    case extensionQuotedEnd
    /// White space after a value.
    case extensionValueBlank
    /// After the CR of the size line.
    case sizeLineFeed
    case data
    /// The CR after the data.
    case dataEnd
    /// The LF after that.
    case dataLineFeed
}

extension BodyFraming {
    /// So many digits cannot overflow, nor can the sum of the sizes.
    private static var maxSizeDigits: UInt8 { 15 }
    /// What a body may have of extensions beyond one byte for each byte of payload: nobody uses them, and a sender of
    /// nothing else must not keep us busy.
    private static var freeExtensionBytes: Int { 4096 }

    /// Takes framing bytes up to the next payload, the trailer section or the end of the bytes.
    @inline(never)
    mutating func takeFraming(_ bytes: Span<UInt8>, from start: Int) throws(HeadError) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            index &+= 1
            switch state {
            case .sizeStart, .size: try takeSize(byte)
            case .sizeLineFeed:
                if byte != Byte.lineFeed { throw .badChunkSize }
                sizeDigits = 0
                if remaining == 0 {
                    state = .sizeStart
                    phase = .trailers
                } else {
                    state = .data
                }
                return index
            case .data: return index &- 1
            case .dataEnd:
                if byte != Byte.carriageReturn { throw .badChunkEnd }
                state = .dataLineFeed
            case .dataLineFeed:
                if byte != Byte.lineFeed { throw .badChunkEnd }
                state = .sizeStart
            case .extensionStart, .extensionName, .extensionNameBlank, .extensionValueStart, .extensionValue,
                .extensionValueBlank, .extensionQuoted, .extensionQuotedPair, .extensionQuotedEnd:
                try takeExtension(byte)
            }
        }
        return index
    }

    @inline(__always)
    private mutating func takeSize(_ byte: UInt8) throws(HeadError) {
        let digit = byte.hexadecimalValue
        if digit < 16 {
            sizeDigits &+= 1
            if sizeDigits > Self.maxSizeDigits { throw .chunkSizeOverflow }
            remaining = remaining &<< 4 | Int(digit)
            state = .size
        } else if state == .size && byte == Byte.carriageReturn {
            state = .sizeLineFeed
        } else if state == .size && byte == Byte.semicolon {
            state = .extensionStart
        } else {
            throw .badChunkSize
        }
    }

    /// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`, but for white space before the first `;`.
    private mutating func takeExtension(_ byte: UInt8) throws(HeadError) {
        extensionBytes &+= 1
        if Int(extensionBytes) > Self.freeExtensionBytes &+ payloadBytes { throw .chunkExtensionsTooLong }
        switch (state, byte) {
        case (.extensionQuoted, Byte.quote): state = .extensionQuotedEnd
        case (.extensionQuoted, Byte.backslash): state = .extensionQuotedPair
        case (.extensionQuoted, _), (.extensionQuotedPair, _):
            if byte.isControl { throw .badChunkExtension }
            state = .extensionQuoted
        case (.extensionStart, Byte.space), (.extensionStart, Byte.tab): break
        case (.extensionValueStart, Byte.space), (.extensionValueStart, Byte.tab): break
        case (.extensionStart, _):
            if !byte.isToken { throw .badChunkExtension }
            state = .extensionName
        case (.extensionValueStart, Byte.quote): state = .extensionQuoted
        case (.extensionValueStart, _):
            if !byte.isToken { throw .badChunkExtension }
            state = .extensionValue
        default: try takeAfterExtension(byte)
        }
    }

    /// What may follow inside or after a name or a value.
    private mutating func takeAfterExtension(_ byte: UInt8) throws(HeadError) {
        let isInside = state == .extensionName || state == .extensionValue
        let isAfterName = state == .extensionName || state == .extensionNameBlank
        switch byte {
        case Byte.semicolon: state = .extensionStart
        // White space before the end of the line is in no rule of the grammar.
        case Byte.carriageReturn where isInside || state == .extensionQuotedEnd: state = .sizeLineFeed
        case Byte.equals where isAfterName: state = .extensionValueStart
        case Byte.space, Byte.tab: state = isAfterName ? .extensionNameBlank : .extensionValueBlank
        default: if !isInside || !byte.isToken { throw .badChunkExtension }
        }
    }
}
