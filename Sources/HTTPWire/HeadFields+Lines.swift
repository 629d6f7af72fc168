extension HeadFields {
    /// Takes in what a line of a kind from `.host` on says.
    ///
    /// - Parameter isRepeated: Whether there has been a line of this kind in the section.
    /// - Returns: Whether the line ends at this proxy.
    mutating func take(
        _ kind: HeaderKind, _ bytes: Span<UInt8>, _ value: ByteRange, of section: HeaderSection, isRepeated: Bool
    ) throws(HeadError) -> Bool {
        if case .trailers = section { return true }
        switch kind {
        case .host:
            guard case .request = section else { return false }
            // RFC 9112 §3.2: more than one Host is a 400.
            if isRepeated { throw .duplicateHost }
            hostValue = value
            return false
        case .contentLength:
            // Two equal values could be taken as one (RFC 9112 §6.3); but who sends two will send two that differ.
            if isRepeated { throw .duplicateContentLength }
            if isChunked { throw .lengthAndTransferEncoding }
            contentLength = try length(bytes, value)
            return false
        case .transferEncoding:
            if isRepeated { throw .duplicateTransferEncoding }
            if contentLength >= 0 { throw .lengthAndTransferEncoding }
            if !bytes.equals("chunked", in: value) { throw .unsupportedTransferCoding }
            isChunked = true
            return false
        case .connection:
            try takeConnection(bytes, value)
            return true
        case .te:
            if case .request = section, bytes.hasToken("trailers", in: value) { acceptsTrailers = true }
            return true
        case .expect:
            guard case .request(let minorVersion) = section else { return false }
            // RFC 9110 §10.1.1: HTTP/1.0 has no expectations.
            if minorVersion == 0 { return true }
            if !bytes.equals("100-continue", in: value) { throw .unknownExpectation }
            expectsContinue = true
            return false
        case .hopByHop, .upgrade:
            return true
        case .other, .accept, .cookie, .setCookie, .location, .via, .xRequestID, .trailer: return false
        case .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .forwarded: return false
        }
    }

    /// The number in a Content-Length: digits alone (RFC 9110 §8.6), at most 18, so that no sum of lengths overflows.
    private func length(_ bytes: Span<UInt8>, _ value: ByteRange) throws(HeadError) -> Int {
        if value.isEmpty || value.length > 18 { throw .badContentLength }
        var number = 0
        for index in value.indices {
            let digit = bytes[index] &- 0x30
            if digit > 9 { throw .badContentLength }
            number = number &* 10 &+ Int(digit)
        }
        return number
    }

    @inline(__always)
    private mutating func takeConnection(_ bytes: Span<UInt8>, _ value: ByteRange) throws(HeadError) {
        if bytes.equals("keep-alive", in: value) {
            wantsKeepAlive = true
        } else if bytes.equals("close", in: value) {
            wantsClose = true
        } else {
            try takeConnectionOptions(bytes, value)
        }
    }

    /// More than any sender has reason to name.
    private static var maxConnectionOptions: UInt8 { 64 }

    /// A list of tokens (RFC 9110 §7.6.1).
    @inline(never)
    private mutating func takeConnectionOptions(_ bytes: Span<UInt8>, _ value: ByteRange) throws(HeadError) {
        var index = value.start
        while true {
            while index < value.end && (bytes[index].isBlank || bytes[index] == Byte.comma) { index &+= 1 }
            if index == value.end { return }
            let start = index
            while index < value.end && bytes[index].isToken { index &+= 1 }
            let token = ByteRange(from: start, to: index)
            while index < value.end && bytes[index].isBlank { index &+= 1 }
            if token.isEmpty || (index < value.end && bytes[index] != Byte.comma) { throw .badConnection }
            if bytes.equals("keep-alive", in: token) {
                wantsKeepAlive = true
            } else if bytes.equals("close", in: token) {
                wantsClose = true
            } else if bytes.equals("upgrade", in: token) {
                connectionNamesUpgrade = true
            } else if !bytes.equals("te", in: token) {
                connectionNamesOthers = true
            }
            // Each is looked for among the lines.
            connectionOptions &+= 1
            if connectionOptions > Self.maxConnectionOptions { throw .badConnection }
        }
    }
}

/// Drops the lines that `Connection` names, but for those that frame the message or that this proxy answers for.
@inline(never)
func dropNominated(_ bytes: Span<UInt8>, _ fields: inout HeadFields, _ table: inout HeaderTable) {
    for index in 0..<table.count where table.lines[index].kind == .connection {
        let value = table.lines[index].value
        var start = value.start
        while start < value.end {
            while start < value.end && !bytes[start].isToken { start += 1 }
            var end = start
            while end < value.end && bytes[end].isToken { end += 1 }
            let token = ByteRange(from: start, to: end)
            for other in 0..<table.count where table.lines[other].kind.canBeNominated {
                guard bytes.areEqual(table.lines[other].name, token) else { continue }
                table.drop(at: other)
                fields.hasDropped = true
            }
            start = end
        }
    }
}

extension Span where Element == UInt8 {
    /// Whether a list has the token, with or without parameters.
    func hasToken(_ token: StaticString, in list: ByteRange) -> Bool {
        var index = list.start
        while index < list.end {
            while index < list.end && (self[index].isBlank || self[index] == Byte.comma) { index += 1 }
            let start = index
            while index < list.end && self[index].isToken { index += 1 }
            if equals(token, in: ByteRange(from: start, to: index)) { return true }
            while index < list.end && self[index] != Byte.comma { index += 1 }
        }
        return false
    }
}
