import Glibc
import Logging
import ProxyConfiguration
import ProxyModel
import RegistryServer
import Synchronization

/// Remembers in the state directory which route numbers were used, so that no route id is used twice, also not after a
/// restart. Proxies that share the directory take their blocks in turn.
final class RouteNumberFile: Sendable {
    /// Numbers taken at a time; a restart gives up what is left of one.
    static let block: UInt64 = 10_000

    private let path: String
    private let logger: Logger
    /// Where the next block begins if the file cannot be read any more.
    private let fallback = Mutex<UInt64>(1)

    private init(path: String, logger: Logger) {
        self.path = path
        self.logger = logger
    }

    /// Where route numbers come from by this configuration.
    ///
    /// - Throws: where a directory was asked for and cannot be used. The usual one may be missing.
    static func numbers(_ configuration: ProxyConfiguration, logger: Logger) throws(StartError) -> RouteNumbers {
        guard let directory = configuration.registry.stateDirectory else { return .unremembered }
        let file = RouteNumberFile(path: directory + "/next-route-number", logger: logger)
        guard let first = file.takeBlock() else {
            if directory == ProxyConfiguration.usualStateDirectory, unsafe access(directory, F_OK) != 0 {
                logger.debug("Route ids begin with r1: there is no \(directory)")
                return .unremembered
            }
            throw StartError(
                ValueError("cannot write to \(file.path): \(Self.reason)"), flag: Setting.stateDirectory.flag)
        }
        let pending = Mutex<Range<UInt64>?>(first)
        return RouteNumbers {
            let taken = pending.withLock { first in
                defer { first = nil }
                return first
            }
            return taken ?? file.nextBlock()
        }
    }

    /// A block in any case: a full disk is no reason to refuse routes.
    private func nextBlock() -> Range<UInt64> {
        if let block = takeBlock() { return block }
        logger.warning("Route ids may come again after a restart: cannot write to \(path): \(Self.reason)")
        return fallback.withLock { next in
            defer { next += Self.block }
            return next..<(next + Self.block)
        }
    }

    /// Reads the number, writes the one behind the block, under a lock on the file. `errno` tells why it is nil.
    private func takeBlock() -> Range<UInt64>? {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard flock(file, LOCK_EX) == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        // Safe because the kernel writes at most the array's count.
        let length = unsafe pread(file, &bytes, bytes.count, 0)
        guard length >= 0 else { return nil }
        let text = String(decoding: bytes.prefix(length), as: UTF8.self)
        let start = max(UInt64(text.filter(\.isNumber)) ?? 1, 1)
        let end = start + Self.block
        let written = Array("\(end)\n".utf8)
        // Safe because the kernel reads at most the array's count. The number only grows: no shorter text stays behind.
        guard unsafe pwrite(file, written, written.count, 0) == written.count else { return nil }
        fallback.withLock { $0 = end }
        return start..<end
    }

    private static var reason: String { unsafe String(cString: strerror(errno)) }
}
