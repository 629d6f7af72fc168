/// Copies lines in runs as long as possible.
///
/// - Parameters:
///   - lines: The lines of the section, in order.
///   - start: Offset of the first line.
///   - end: One past the last line.
///   - dropping: Kinds that are left out with the lines marked as dropped; `nil` copies everything.
@inline(__always)
func writeLines(
    _ bytes: Span<UInt8>, _ lines: Span<HeaderLine>, from start: Int, to end: Int, dropping: HeaderKindSet?,
    to out: inout OutputRawSpan
) {
    var run = start
    if let dropping {
        var index = 0
        while index < lines.count {
            let line = lines[index]
            if line.isDropped || dropping.contains(line.kind) {
                if Int(line.start) > run { out.append(bytes.extracting(run..<Int(line.start))) }
                run = Int(line.end)
            }
            index &+= 1
        }
    }
    if end > run { out.append(bytes.extracting(run..<end)) }
}

/// Writes the trailer lines that are kept and the empty line after them, after the line of the last chunk.
///
/// - Parameters:
///   - bytes: The bytes given to `parseTrailers`.
///   - out: Has room for as many bytes as the section had.
public func writeTrailers(_ bytes: Span<UInt8>, _ headers: borrowing HeaderTable, to out: inout OutputRawSpan) {
    let lines = headers.lines
    for index in 0..<headers.count where !lines[index].isDropped {
        out.append(bytes.extracting(Int(lines[index].start)..<Int(lines[index].end)))
    }
    out.append("\r\n")
}

extension OutputRawSpan {
    /// Appends a number in decimal; 8 bytes must be free.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func append(decimal number: UInt16) {
        var rest = UInt64(number)
        var digits: UInt64 = 0
        var count = 0
        repeat {
            digits = digits &<< 8 | (0x30 &+ rest % 10)
            rest /= 10
            count &+= 1
        } while rest > 0
        append(digits, count: count)
    }
}
