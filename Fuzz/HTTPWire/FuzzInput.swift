import HTTPWire

/// The bytes that a fuzzer tries, of which the first two choose how they are used.
struct FuzzInput {
    /// Bits that choose among ways to rewrite.
    let choice: UInt8
    /// How many bytes come at a time; none: all at once.
    let pieceSize: Int
    let bytes: [UInt8]

    init?(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        guard let start = unsafe start, count >= 2 else { return nil }
        // Safe because the fuzzer gives `count` bytes.
        let all = unsafe Array(UnsafeBufferPointer(start: start, count: count))
        choice = all[0]
        pieceSize = Int(all[1])
        bytes = Array(all.dropFirst(2))
    }

    /// Whether a bit of the choice is set.
    func chooses(_ bit: Int) -> Bool { choice >> UInt8(bit) & 1 != 0 }
}

/// What is written into room for `capacity` bytes.
func output(_ capacity: Int, _ write: (inout OutputRawSpan) -> Void) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: capacity)
    // Safe because the output span does not leave the closure and is finalized for the buffer it is made of.
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        var out = unsafe OutputRawSpan(buffer: buffer, initializedCount: 0)
        write(&out)
        return unsafe out.finalize(for: buffer)
    }
    return Array(bytes[..<count])
}

/// What became of parsing a head.
enum HeadOutcome: Equatable {
    case incomplete
    case complete(size: Int)
    case refused(HeadError)
}

/// Reads a head in a plain way and insists on what the parser promises of the heads it takes.
func checkHead(_ bytes: [UInt8], size: Int, lines: [HeaderLine], firstLineEnd: Int) {
    precondition(size <= bytes.count && bytes[..<size].suffix(2).elementsEqual([13, 10]))
    var position = firstLineEnd
    for line in lines {
        let text = bytes[Int(line.start)..<Int(line.end)]
        precondition(Int(line.start) == position && text.suffix(2).elementsEqual([13, 10]))
        precondition(text.dropLast(2).allSatisfy { $0 == 9 || ($0 >= 32 && $0 != 127) })
        let name = text.prefix { $0 != UInt8(ascii: ":") }
        let value = text.dropFirst(name.count + 1).dropLast(2)
        precondition(!name.isEmpty && name.count == Int(line.nameLength) && name.allSatisfy(isToken))
        let trimmed = trim(value)
        precondition(bytes[line.value.indices].elementsEqual(trimmed))
        position = Int(line.end)
    }
    precondition(position + 2 == size)
}

private func trim(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var value = value
    while let first = value.first, first == 32 || first == 9 { value = value.dropFirst() }
    while let last = value.last, last == 32 || last == 9 { value = value.dropLast() }
    return value
}

private func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

/// The names of the lines that were not dropped, in lower case.
func names(_ bytes: [UInt8], _ lines: [HeaderLine], droppedOnes: Bool = false) -> [String] {
    lines.filter { $0.isDropped == droppedOnes }.map {
        String(decoding: bytes[$0.name.indices], as: UTF8.self).lowercased()
    }
}

extension HeaderTable {
    /// The lines as an array.
    var all: [HeaderLine] { (0..<count).map { lines[$0] } }
}
