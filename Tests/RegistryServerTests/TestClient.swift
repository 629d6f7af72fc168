import NIOCore
import NIOPosix
import ProxyModel

/// A client of the registry port that speaks lines.
final class TestClient: Sendable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    private let lines: AsyncStream<String>
    private let reading: Task<Void, Never>

    /// A client that never reads unless `reads`.
    init(_ address: ProxyModel.SocketAddress, reads: Bool = true) async throws {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: reads)
            .connect(host: "127.0.0.1", port: Int(address.port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        self.channel = channel
        let (lines, continuation) = AsyncStream<String>.makeStream()
        self.lines = lines
        reading = Task {
            guard reads else { return }
            var buffer = ByteBuffer()
            do {
                try await channel.executeThenClose { inbound, _ in
                    for try await bytes in inbound {
                        buffer.writeImmutableBuffer(bytes)
                        while let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                            let length = end - buffer.readerIndex
                            continuation.yield(buffer.readString(length: length) ?? "")
                            buffer.moveReaderIndex(forwardBy: 1)
                        }
                        buffer.discardReadBytes()
                    }
                }
            } catch {
                // A reset ends the lines like an orderly end.
            }
            continuation.finish()
        }
    }

    /// Writes bytes as they are.
    func write(_ text: String) async throws {
        try await channel.channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// The next line; `nil` once the server has closed.
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
        try await channel.channel.close(mode: .output)
    }

    /// Ends the connection.
    func close() async {
        try? await channel.channel.close()  // Fails only where it is closed already.
        reading.cancel()
    }

    /// Returns when the connection has ended.
    func closed() async {
        try? await channel.channel.closeFuture.get()
    }
}
