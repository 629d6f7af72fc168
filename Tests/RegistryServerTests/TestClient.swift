import NIOCore
import NIOPosix
import ProxyModel

/// A client of the registry port that speaks lines.
struct TestClient: Sendable {
    private let channel: any Channel
    private let lines: AsyncStream<String>

    /// A client that never reads unless `reads`.
    init(_ address: ProxyModel.SocketAddress, reads: Bool = true) async throws {
        let (lines, continuation) = AsyncStream<String>.makeStream()
        self.lines = lines
        channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LineCollector(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: Int(address.port)).get()
    }

    /// Writes bytes as they are.
    func write(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// The next line; `nil` once the server has closed its side.
    func line() async -> String? {
        for await line in lines { return line }
        return nil
    }

    /// Writes a command and returns the next line.
    func ask(_ command: String) async throws -> String? {
        try await write(command + "\n")
        return await line()
    }

    /// Registers; returns the session id.
    func register(_ instance: String = "one") async throws -> String {
        let reply = try await ask("REGISTER|demo|\(instance)|0|{}") ?? ""
        return String(reply.dropFirst("ACK|".count))
    }

    /// Says that nothing more will be written.
    func closeOutput() async throws {
        try await channel.close(mode: .output)
    }

    /// Ends the connection.
    func close() async {
        try? await channel.close()  // Fails only where it is closed already.
    }
}

/// Cuts what a server sends into lines.
private final class LineCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var buffer = ByteBuffer()
    private let lines: AsyncStream<String>.Continuation

    init(_ lines: AsyncStream<String>.Continuation) {
        self.lines = lines
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        buffer.writeImmutableBuffer(unwrapInboundIn(data))
        while let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            lines.yield(buffer.readString(length: end - buffer.readerIndex) ?? "")
            buffer.moveReaderIndex(forwardBy: 1)
        }
        buffer.discardReadBytes()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { lines.finish() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        lines.finish()
    }
}
