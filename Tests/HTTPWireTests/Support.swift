import HTTPWire

/// What became of a request head that was given as text.
struct ParsedRequest {
    var head = RequestHead()
    var bytes: [UInt8] = []
    var lines: [HeaderLine] = []

    func text(_ range: ByteRange) -> String { String(decoding: bytes[range.indices], as: UTF8.self) }
}

/// Parses a request head; `nil` when more bytes are needed.
func parseRequest(_ bytes: [UInt8], limits: HeadLimits = HeadLimits()) throws(HeadError) -> ParsedRequest? {
    var parsed = ParsedRequest()
    parsed.bytes = bytes
    var headers = HeaderTable()
    guard try parseRequestHead(bytes.span, &parsed.head, &headers, limits: limits) else { return nil }
    for index in 0..<headers.count { parsed.lines.append(headers.lines[index]) }
    return parsed
}

func parseRequest(_ text: String, limits: HeadLimits = HeadLimits()) throws(HeadError) -> ParsedRequest? {
    try parseRequest([UInt8](text.utf8), limits: limits)
}

/// What became of a response head that was given as text.
struct ParsedResponse {
    var head = ResponseHead()
    var bytes: [UInt8] = []
    var lines: [HeaderLine] = []

    func text(_ range: ByteRange) -> String { String(decoding: bytes[range.indices], as: UTF8.self) }
}

/// Parses a response head; `nil` when more bytes are needed.
func parseResponse(_ bytes: [UInt8], limits: HeadLimits = HeadLimits()) throws(HeadError) -> ParsedResponse? {
    var parsed = ParsedResponse()
    parsed.bytes = bytes
    var headers = HeaderTable()
    guard try parseResponseHead(bytes.span, &parsed.head, &headers, limits: limits) else { return nil }
    for index in 0..<headers.count { parsed.lines.append(headers.lines[index]) }
    return parsed
}

func parseResponse(_ text: String, limits: HeadLimits = HeadLimits()) throws(HeadError) -> ParsedResponse? {
    try parseResponse([UInt8](text.utf8), limits: limits)
}

/// What a writer writes into room for `capacity` bytes.
func output(_ capacity: Int, _ write: (inout OutputRawSpan) -> Void) -> String {
    var bytes = [UInt8](repeating: 0, count: capacity)
    // Safe because the output span does not leave the closure and is finalized for the buffer it is made of.
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        var out = unsafe OutputRawSpan(buffer: buffer, initializedCount: 0)
        write(&out)
        return unsafe out.finalize(for: buffer)
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
}
