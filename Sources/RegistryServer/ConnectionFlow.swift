import RegistryProtocol

/// What one registry connection does next: one command at a time, and nothing is read while one is in hand.
///
/// So replies keep the order of the commands, and a flood waits in the peer's kernel rather than here.
struct ConnectionFlow {
    /// What the connection does next.
    enum Step: Hashable {
        /// Give the registry this line, then wait for its reply.
        case line([UInt8])
        /// Tell the registry of a line over the limit, then wait for its reply.
        case lineTooLong
        /// Ask the socket for more.
        case read
        /// Do nothing until something happens.
        case wait
        /// The peer will send nothing more, and all that it sent is answered.
        case close
    }

    private enum Phase {
        /// Between two commands.
        case ready
        /// The registry has a command in hand.
        case awaitingReply
        /// The connection is about to be closed; input is thrown away.
        case closing
    }

    private var splitter = LineSplitter()
    private var phase = Phase.ready
    private var isInputClosed = false

    /// Whether the peer has begun a line and not ended it, with no command in hand: the time to run a read timeout.
    var isInsideLine: Bool {
        switch phase {
        case .ready: splitter.isInsideLine && !isInputClosed
        case .awaitingReply, .closing: false
        }
    }

    /// Whether input is thrown away.
    var isClosing: Bool {
        switch phase {
        case .ready, .awaitingReply: false
        case .closing: true
        }
    }

    /// Bytes came in.
    mutating func received(_ bytes: some Sequence<UInt8>) {
        switch phase {
        case .ready, .awaitingReply: splitter.append(bytes)
        case .closing: break
        }
    }

    /// The peer will send nothing more. What it sent is still answered; an incomplete last line is dropped.
    mutating func inputClosed() {
        isInputClosed = true
    }

    /// The command in hand is done with.
    mutating func replied() {
        switch phase {
        case .awaitingReply: phase = .ready
        case .ready, .closing: break
        }
    }

    /// The connection is about to be closed.
    mutating func closing() {
        phase = .closing
        splitter.finish()
    }

    /// What to do next. `canWrite` is false while too much output waits for the peer.
    mutating func next(canWrite: Bool) -> Step {
        switch phase {
        case .closing: return isInputClosed ? .wait : .read
        case .awaitingReply: return .wait
        case .ready: break
        }
        guard canWrite else { return .wait }
        switch splitter.next() {
        case .line(let line):
            phase = .awaitingReply
            return .line(line)
        case .tooLong:
            phase = .awaitingReply
            return .lineTooLong
        case nil:
            return isInputClosed ? .close : .read
        }
    }
}
