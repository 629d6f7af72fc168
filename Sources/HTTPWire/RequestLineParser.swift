/// More than any method that is in use.
private let maxMethodBytes = 32

/// Reads the request line that begins at `start`.
///
/// - Returns: `false` when more bytes are needed.
@inline(__always)
func parseRequestLine(
    _ bytes: Span<UInt8>, from start: Int, _ head: inout RequestHead, _ limits: HeadLimits
) throws(HeadError) -> Bool {
    let block = bytes.block(at: start)
    var methodEnd = start &+ block.beyondPlainName.firstIndex
    if methodEnd >= bytes.count { return false }
    if bytes[methodEnd] != Byte.space || methodEnd == start {
        methodEnd = try endOfUnusualMethod(bytes, from: start)
        if methodEnd < 0 { return false }
    }
    head.method = ByteRange(from: start, to: methodEnd)
    head.methodKind = Method(block.words.low, length: methodEnd &- start)

    guard let target = try scanTarget(bytes, from: methodEnd &+ 1, limits) else { return false }
    let end = target.end &+ 11
    if end > bytes.count {
        try checkBeginningOfVersion(bytes, from: target.end &+ 1, method: head.method)
        return false
    }
    let version = bytes.word(at: target.end &+ 1)
    if version == packed("HTTP/1.0") {
        head.minorVersion = 0
    } else if version != packed("HTTP/1.1") {
        throw versionError(bytes, at: target.end &+ 1, method: head.method)
    }
    if !bytes.hasLineEnd(at: end &- 2) { throw lineEndError(bytes, at: end &- 2) }
    head.firstLineEnd = end
    try head.takeTarget(bytes, target)
    return true
}

/// The end of a method with other characters than letters, digits and `-`, or of one longer than 15, or -1.
@inline(never)
private func endOfUnusualMethod(_ bytes: Span<UInt8>, from start: Int) throws(HeadError) -> Int {
    var index = start
    while index < bytes.count && bytes[index].isToken { index &+= 1 }
    if index &- start > maxMethodBytes { throw .badMethod }
    if index == bytes.count { return -1 }
    if bytes[index] != Byte.space || index == start { throw .badMethod }
    return index
}

/// Checks what there is of a version, and of the line end after it, that is not complete.
@inline(never)
private func checkBeginningOfVersion(_ bytes: Span<UInt8>, from start: Int, method: ByteRange) throws(HeadError) {
    let text: StaticString = "HTTP/1."
    for index in start..<bytes.count {
        let isRight =
            switch index &- start {
            case 0..<7: bytes[index] == text.byte(at: index &- start)
            case 7: bytes[index] == 0x30 || bytes[index] == 0x31
            default: bytes[index] == Byte.carriageReturn
            }
        if isRight { continue }
        // Below the 8th byte all that is known is that it is no "HTTP/".
        if index &- start == 8 { throw lineEndError(bytes, at: index) }
        if index &- start < 5 { throw .badRequestLine }
        if bytes.count &- start >= 8 { throw versionError(bytes, at: start, method: method) }
    }
}

/// The error for what is not CRLF after the version.
@inline(never)
private func lineEndError(_ bytes: Span<UInt8>, at index: Int) -> HeadError {
    switch bytes[index] {
    case Byte.lineFeed: .bareLineFeed
    case Byte.carriageReturn: .bareCarriageReturn
    default: .badRequestLine
    }
}

/// The error for 8 bytes that are neither HTTP/1.1 nor HTTP/1.0.
@inline(never)
private func versionError(_ bytes: Span<UInt8>, at start: Int, method: ByteRange) -> HeadError {
    let text: StaticString = "HTTP/"
    for index in 0..<text.utf8CodeUnitCount where bytes[start &+ index] != text.byte(at: index) {
        return .badRequestLine
    }
    guard bytes[start &+ 5].isDigit, bytes[start &+ 6] == Byte.dot, bytes[start &+ 7].isDigit else {
        return .badRequestLine
    }
    // RFC 9113 §3.4: "PRI * HTTP/2.0" begins a connection of HTTP/2.
    return method.length == 3 && bytes.equals("pri", in: method) ? .http2Preface : .unsupportedVersion
}

/// Where a target is and what its path is like.
struct TargetScan {
    var start: Int
    var end: Int
    /// The first `?`, or the end.
    var pathEnd: Int
    var needsNormalising: Bool
}

/// Finds the end of the target, or `nil` when more bytes are needed.
@inline(__always)
private func scanTarget(_ bytes: Span<UInt8>, from start: Int, _ limits: HeadLimits) throws(HeadError) -> TargetScan? {
    var index = start
    var pathEnd = -1
    var needsNormalising = false
    while true {
        let lane = bytes.block(at: index).targetMarks.firstIndex
        index &+= lane
        if lane == 16 { continue }
        if index >= bytes.count {
            if bytes.count &- start > limits.maxTargetBytes { throw .targetTooLong }
            return nil
        }
        let mark = bytes[index]
        if mark == Byte.space { break }
        if pathEnd < 0 {
            switch mark {
            case Byte.question: pathEnd = index
            case Byte.percent: needsNormalising = true
            case Byte.dot: if bytes[index &- 1] == Byte.slash { needsNormalising = true }
            default: throw targetError(mark)
            }
        } else if mark != Byte.question && mark != Byte.percent && mark != Byte.dot && mark != Byte.backslash {
            throw targetError(mark)
        }
        index &+= 1
    }
    if index &- start > limits.maxTargetBytes { throw .targetTooLong }
    return TargetScan(
        start: start, end: index, pathEnd: pathEnd < 0 ? index : pathEnd, needsNormalising: needsNormalising)
}

/// The error for a byte that no target has. A line that ends after the target is one of HTTP/0.9.
@inline(never)
private func targetError(_ byte: UInt8) -> HeadError {
    switch byte {
    case Byte.carriageReturn, Byte.lineFeed: .badRequestLine
    default: .badTarget
    }
}

extension Method {
    /// The method whose first 8 bytes are in the word. Methods are case-sensitive (RFC 9110 §9.1).
    @inline(__always)
    init(_ word: UInt64, length: Int) {
        self = .other
        guard length <= 7, length >= 3 else { return }
        switch word & (~0 &>> UInt64(64 &- 8 &* length)) {
        case packed("GET"): self = .get
        case packed("POST"): self = .post
        case packed("HEAD"): self = .head
        case packed("PUT"): self = .put
        case packed("DELETE"): self = .delete
        case packed("OPTIONS"): self = .options
        case packed("PATCH"): self = .patch
        case packed("TRACE"): self = .trace
        case packed("CONNECT"): self = .connect
        default: break
        }
    }
}
