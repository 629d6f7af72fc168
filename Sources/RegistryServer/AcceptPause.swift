import Logging
import NIOCore

/// Stops accepting for a second when the process has no file left for a connection.
///
/// Without it the listener would stay readable and its event loop would spin: SwiftNIO's own back-off delays the next
/// read, but leaves the listener registered after an error.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let length = TimeAmount.seconds(1)

    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError, let options = context.channel.syncOptions else {
            context.fireErrorCaught(error)
            return
        }
        logger.warning("Accepting connections pauses for a second: \(error)")
        // Both throw only on a channel that is closed, which accepts nothing anyway.
        try? options.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.length) {
            try? options.setOption(.autoRead, value: true)
        }
    }
}
