import NIOCore
import ProxyModel
import Registry

/// One connection to the registry port: bytes to lines and lines to bytes, with back-pressure both ways.
///
/// Confined to the registry's event loop.
final class RegistryConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How many commands are carried out before other connections get their turn.
    static let commandsPerTurn = 32
    /// How long the peer of a connection that is being closed may take to close its side as well.
    static let lingerTime = TimeAmount.seconds(2)

    let id: ConnectionID
    let address: IPAddress
    /// Said to a connection over a limit before it is closed; it never reaches the registry.
    var refusal: String?
    private let loop: RegistryLoop
    private var context: ChannelHandlerContext?
    private var flow = ConnectionFlow()
    private var output = ByteBuffer()
    private var isAdvancing = false
    private var isTurnScheduled = false
    private var isReading = false
    private var isHalfClosed = false
    private var lastInput = NIODeadline.uptimeNanoseconds(0)
    private var readTimer: Scheduled<Void>?
    private var stall: (timer: Scheduled<Void>, waiting: Int)?
    private var linger: Scheduled<Void>?

    init(id: ConnectionID, address: IPAddress, loop: RegistryLoop) {
        self.id = id
        self.address = address
        self.loop = loop
    }

    // MARK: What the registry says

    /// Writes the answer to the command in hand and goes on to the next.
    func reply(_ line: String) {
        append(line)
        noReply()
    }

    /// The command in hand has no answer; goes on to the next.
    func noReply() {
        flow.replied()
        guard !isAdvancing else { return }
        flush()
        scheduleTurn()
    }

    /// Writes a line that nobody asked for. A peer that lets too many of them wait is cut off.
    func event(_ line: String) {
        append(line)
        guard waitingOutput <= loop.configuration.outputLimit + RegistryLoop.largestReply else {
            loop.cutOff(self, "it does not read what is sent to it")
            return
        }
        if !isAdvancing { flush() }
    }

    /// Closes the connection politely: what was written is sent, then the peer may finish reading.
    func close(linger time: TimeAmount = lingerTime) {
        guard !flow.isClosing, let context else { return }
        flow.closing()
        flush()
        linger = context.eventLoop.assumeIsolated().scheduleTask(in: .init(loop.configuration.readTimeout)) { [self] in
            abort()
        }
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { [self] _ in outputSent(linger: time) }
        // An empty write completes after everything that was written before it.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
        advance()
    }

    /// Closes the connection at once.
    func abort() {
        context?.close(mode: .all, promise: nil)
    }

    private func outputSent(linger time: TimeAmount) {
        guard let context else { return }
        guard !isHalfClosed else { return abort() }
        // Closing both directions while input waits would reset the connection, and the peer could lose the last reply.
        context.close(mode: .output, promise: nil)
        linger?.cancel()
        linger = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in abort() }
    }

    // MARK: What the socket says

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        if let refusal {
            append(refusal)
            close()
        } else {
            loop.opened(self)
            advance()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastInput = .now()
        flow.received(unwrapInboundIn(data).readableBytesView)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        advance()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        isHalfClosed = true
        flow.inputClosed()
        if flow.isClosing, waitingOutput == 0 { abort() } else { advance() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            stall?.timer.cancel()
            stall = nil
            advance()
        } else if stall == nil {
            watchStall()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(mode: .all, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        flow.closing()
        for timer in [readTimer, linger, stall?.timer] { timer?.cancel() }
        (readTimer, linger, stall) = (nil, nil, nil)
        self.context = nil
        loop.closed(self)
    }

    // MARK: Going on

    /// Carries out what can be carried out, a bounded number of commands at a time.
    private func advance() {
        guard !isAdvancing, !isTurnScheduled else { return }
        isAdvancing = true
        var turns = Self.commandsPerTurn
        while turns > 0, step() { turns -= 1 }
        isAdvancing = false
        flush()
        if turns == 0 { scheduleTurn() }
    }

    /// One step; false where something must happen first.
    private func step() -> Bool {
        guard let context else { return false }
        switch flow.next(canWrite: context.channel.isWritable && output.readableBytes < RegistryLoop.highWatermark) {
        case .line(let line):
            loop.lineReceived(line, on: self)
            return true
        case .lineTooLong:
            loop.lineTooLong(on: self)
            return true
        case .read:
            if flow.isInsideLine { startReadTimer() }
            if !isReading {
                isReading = true
                context.read()
            }
            return false
        case .wait:
            return false
        case .close:
            close()
            return false
        }
    }

    /// Goes on after the other connections had their turn.
    private func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        context?.eventLoop.assumeIsolated().execute { [self] in
            isTurnScheduled = false
            advance()
        }
    }

    private func append(_ line: String) {
        guard context != nil, !flow.isClosing else { return }
        output.writeString(line)
        output.writeInteger(UInt8(ascii: "\n"))
    }

    private func flush() {
        guard output.readableBytes > 0, let context else { return }
        let bytes = output
        output = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Bytes that the peer has not taken.
    private var waitingOutput: Int {
        let inChannel = try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)
        return output.readableBytes + (inChannel ?? 0)  // A closed channel has none.
    }

    // MARK: Clocks

    /// A line has begun: it must not fall silent for the read timeout.
    private func startReadTimer() {
        guard readTimer == nil, let context else { return }
        let deadline = lastInput + TimeAmount(loop.configuration.readTimeout)
        readTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            readTimer = nil
            // While output waits for the peer nothing is read, and silence is ours, not the peer's.
            guard isReading, flow.isInsideLine else { return }
            if .now() - lastInput >= TimeAmount(loop.configuration.readTimeout) {
                loop.cutOff(self, "it fell silent inside a line")
            } else {
                startReadTimer()
            }
        }
    }

    /// Much output waits: some of it must be taken within the read timeout, again and again.
    private func watchStall() {
        guard let context else { return }
        let waiting = waitingOutput
        let timer = context.eventLoop.assumeIsolated().scheduleTask(in: .init(loop.configuration.readTimeout)) {
            [self] in
            stall = nil
            guard self.context?.channel.isWritable == false else { return }
            if waitingOutput >= waiting {
                loop.cutOff(self, "it does not read what is sent to it")
            } else {
                watchStall()
            }
        }
        stall = (timer, waiting)
    }
}
