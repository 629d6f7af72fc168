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
            let (firstSignal, giveFirst) = AsyncStream<UnixSignal>.makeStream()
            group.addTask {
                var isStopping = false
                for await signal in signals {
                    guard isStopping else {
                        isStopping = true
                        giveFirst.yield(signal)
                        continue
                    }
                    logger.warning("\(signal) again: ending at once")
                    log.flush()
                    Glibc._exit(1)
                }
                giveFirst.finish()
            }
            for await signal in firstSignal {
                let limit = DurationText.format(configuration.shutdownTimeout)
                logger.info("\(signal): stopping; requests in flight get \(limit)")
                break
            }
            await server.stop()
            group.cancelAll()
        }
        logger.info("Stopped")
        log.flush()
    }
}
