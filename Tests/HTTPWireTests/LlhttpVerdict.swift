import HTTPWire

/// What Apus makes of a case.
struct LlhttpVerdict {
    /// What was added or taken away so that more than the first fault is judged.
    enum Mending: Hashable {
        case addedHost, removedFragment
    }

    private(set) var outcome: ConversationOutcome
    private(set) var mended: Set<Mending> = []
    private(set) var input: [UInt8]
    let side: Conversation.Side

    init(_ item: LlhttpCase) {
        input = item.input
        if item.type == "url" {
            input = Array("GET ".utf8) + item.input + Array(" HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        }
        side = item.isRequest ? .requests : .responses(to: item.skipsBody ? .head : .get)
        outcome = ConversationOutcome(side, input, reading: .decode)
        while let mending = nextMending {
            mended.insert(mending)
            switch mending {
            case .addedHost: addHost()
            case .removedFragment: removeFragments()
            }
            outcome = ConversationOutcome(side, input, reading: .decode)
        }
    }

    private var nextMending: Mending? {
        switch outcome.failure {
        case .missingHost where !mended.contains(.addedHost): .addedHost
        case .badTarget where !mended.contains(.removedFragment): .removedFragment
        default: nil
        }
    }

    private mutating func addHost() {
        var result: [UInt8] = []
        for byte in input {
            result.append(byte)
            if result.suffix(11).elementsEqual(" HTTP/1.1\r\n".utf8) { result += "Host: a\r\n".utf8 }
        }
        input = result
    }

    private mutating func removeFragments() {
        var result: [UInt8] = []
        var isInFragment = false
        for byte in input {
            if byte == UInt8(ascii: "#") { isInFragment = true }
            if byte == UInt8(ascii: " ") || byte == 13 { isInFragment = false }
            if !isInFragment { result.append(byte) }
        }
        input = result
    }
}
