import Glibc
import Logging
import NIOCore
import ProxyConfiguration
import ProxyModel
import UnixSignals

extension ApusServer {
    /// Processors that this process may use: by the machine, its affinity and its container's quota.
    public static var usableProcessors: Int { System.coreCount }

    /// Serves until SIGTERM or SIGINT, then stops gracefully. A second signal meanwhile ends the process at once with
    /// status 1.
    ///
    /// - Parameter unknownVariables: names in the environment that look like settings and are none.
    public static func run(_ configuration: ProxyConfiguration, unknownVariables: [String]) async throws(StartError) {
        // A peer that went away is seen by the failing write, not by a signal.
        _ = signal(SIGPIPE, SIG_IGN)
        let log = LogSystem(configuration.log, writer: LogWriter(descriptor: 2))
        let logger = log.logger("apus")
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        for name in unknownVariables { logger.warning("\(name) is set, but there is no such setting") }
        let server = try await ApusServer(configuration, log: log)
        await withTaskGroup { group in
            var iterator = signals.makeAsyncIterator()
            let first = await iterator.next()
            let limit = DurationText.format(configuration.shutdownTimeout)
            logger.info("\(first.map { "\($0)" } ?? "End"): stopping; requests in flight get \(limit)")
            group.addTask { await server.stop() }
            group.addTask {
                var further = signals.makeAsyncIterator()
                guard await further.next() != nil else { return }
                logger.warning("Second signal: ending at once")
                log.flush()
                Glibc._exit(1)
            }
            await group.next()
            group.cancelAll()
        }
        logger.info("Stopped")
        log.flush()
    }
}
