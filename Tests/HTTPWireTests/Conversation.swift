import HTTPWire

/// One side of a connection as a proxy reads it: heads, bodies and trailers one after the other, from bytes that come
/// in any pieces. What it has made of them is a list of texts that two runs can be compared by.
struct Conversation: ~Copyable {
    enum Side: Equatable {
        case requests
        /// Responses to requests with this method.
        case responses(to: Method)
    }

    /// How the body is read.
    enum Reading {
        case scan, decode
    }

    let side: Side
    let reading: Reading
    /// The messages so far.
    private(set) var messages: [String] = []
    /// What ended the conversation.
    private(set) var failure: HeadError?
    /// Whether bytes came after a message that was the connection's last.
    private(set) var hasBytesAfterEnd = false
    /// Payload and framing of the current body as they would go on.
    private(set) var body: [UInt8] = []

    private var buffer: [UInt8] = []
    private var request = RequestHead()
    private var response = ResponseHead()
    private var headers = HeaderTable()
    private var framing = BodyFraming.none
    private var progress = HeadProgress()
    private var isInBody = false
    private var isLast = false
    private let limits: HeadLimits
    /// Heads and bytes of payload so far.
    private(set) var heads = 0
    private(set) var payload = 0
    /// How often a head was parsed.
    private(set) var parses = 0

    init(_ side: Side, reading: Reading = .scan, limits: HeadLimits = HeadLimits()) {
        self.side = side
        self.reading = reading
        self.limits = limits
    }

    /// Whether the next byte belongs to a message that has begun.
    var isInsideMessage: Bool { isInBody || !buffer.isEmpty }

    mutating func feed(_ bytes: some Sequence<UInt8>) {
        guard failure == nil else { return }
        buffer += bytes
        do throws(HeadError) {
            while try step() {}
        } catch {
            failure = error
        }
    }

    /// No more bytes will come: what has been put off is parsed.
    mutating func finish() {
        progress = HeadProgress()
        feed([])
    }

    /// One step; `false` when more bytes are needed.
    private mutating func step() throws(HeadError) -> Bool {
        if isInBody { return try stepBody() }
        if isLast {
            // RFC 9112 §9.6: what follows the last message is not to be read.
            if !buffer.isEmpty { hasBytesAfterEnd = true }
            return false
        }
        let bytes = buffer
        if bytes.isEmpty || !progress.shouldParse(bytes.span, limits: limits) { return false }
        parses += 1
        let size: Int
        switch side {
        case .requests:
            guard try parseRequestHead(bytes.span, &request, &headers, limits: limits) else { return false }
            size = request.size
            framing = request.bodyFraming
            isLast = !request.isPersistent
        case .responses(let method):
            guard try parseResponseHead(bytes.span, &response, &headers, limits: limits) else { return false }
            size = response.size
            framing = response.bodyFraming(for: method)
            isLast = !response.isPersistent && !response.isInterim
        }
        heads += 1
        describeHead()
        buffer.removeFirst(size)
        progress = HeadProgress()
        body = []
        isInBody = true
        return true
    }

    private mutating func describeHead() {
        var text =
            side == .requests
            ? "\(request.methodKind) \(show(request.target)) \(show(request.host)) 1.\(request.minorVersion)"
            : "\(response.status) 1.\(response.minorVersion) \(show(response.reason))"
        for index in 0..<headers.count {
            let line = headers.lines[index]
            text += "\n\(line.kind)\(line.isDropped ? "!" : "") \(show(line.name)): \(show(line.value))"
        }
        messages.append(text)
    }

    private func show(_ range: ByteRange) -> String {
        String(decoding: buffer[range.indices], as: UTF8.self)
    }

    private mutating func stepBody() throws(HeadError) -> Bool {
        switch framing.phase {
        case .done:
            messages.append("body \(String(decoding: body, as: UTF8.self)) \(framing.payloadBytes)")
            isInBody = false
            return true
        case .trailers:
            let bytes = buffer
            guard let size = try parseTrailers(bytes.span, from: 0, &headers) else { return false }
            for index in 0..<headers.count {
                let line = headers.lines[index]
                messages.append("trailer\(line.isDropped ? "!" : "") \(show(line.name)): \(show(line.value))")
            }
            buffer.removeFirst(size)
            framing.trailersTaken()
            return true
        case .streaming: return try stepPayload()
        }
    }

    private mutating func stepPayload() throws(HeadError) -> Bool {
        let bytes = buffer
        let before = framing.payloadBytes
        var taken = 0
        switch reading {
        case .scan:
            taken = try framing.scan(bytes.span, from: 0)
            body += buffer[..<taken]
        case .decode:
            let run = try framing.decode(bytes.span, from: 0)
            taken = run.skip + run.count
            body += buffer[run.skip..<taken]
        }
        payload += framing.payloadBytes - before
        buffer.removeFirst(taken)
        return taken > 0 || framing.phase != .streaming
    }
}

/// What a conversation came to, for comparing.
struct ConversationOutcome: Equatable {
    var messages: [String]
    var failure: HeadError?
    var hasBytesAfterEnd: Bool
    var heads: Int
    var payload: Int

    init(_ conversation: borrowing Conversation) {
        messages = conversation.messages
        failure = conversation.failure
        hasBytesAfterEnd = conversation.hasBytesAfterEnd
        heads = conversation.heads
        // What of a broken body went by before it was seen to be broken depends on the pieces.
        payload = conversation.failure == nil ? conversation.payload : 0
    }

    /// The outcome of bytes that come in these pieces.
    init(
        _ side: Conversation.Side, pieces: [ArraySlice<UInt8>], reading: Conversation.Reading = .scan,
        limits: HeadLimits = HeadLimits()
    ) {
        var conversation = Conversation(side, reading: reading, limits: limits)
        for piece in pieces { conversation.feed(piece) }
        conversation.finish()
        self.init(conversation)
    }

    /// The outcome of bytes that come at once.
    init(_ side: Conversation.Side, _ bytes: [UInt8], reading: Conversation.Reading = .scan) {
        self.init(side, pieces: [bytes[...]], reading: reading)
    }
}

extension [UInt8] {
    /// Each byte for itself.
    var singly: [ArraySlice<UInt8>] { indices.map { self[$0...$0] } }
}
