import Glibc
import Logging
import NIOCore
import NIOPosix
import ProxyModel
import Registry
import RegistryServer
import Synchronization

/// A registry server on a free port with services that the test steers.
struct ServerUnderTest {
    let server: RegistryServer
    let services: FakeServices
    let log: LogRecorder

    var address: ProxyModel.SocketAddress { server.boundAddresses[0] }

    func client(reads: Bool = true) async throws -> TestClient {
        try await TestClient(address, reads: reads)
    }
}

/// Runs `body` against a server and stops the server after it.
func withServer(
    _ change: (inout RegistryServerConfiguration) throws -> Void = { _ in },
    registry: RegistryConfiguration = RegistryConfiguration(), _ body: (ServerUnderTest) async throws -> Void
) async throws {
    var configuration = RegistryServerConfiguration(listen: [.init(ip: .loopbackV4, port: 0)])
    try change(&configuration)
    let services = FakeServices()
    let log = LogRecorder()
    let server = try await RegistryServer(
        configuration, registry: registry, services: services.services, clock: { .now },
        logger: Logger(label: "registry") { _ in log }, group: MultiThreadedEventLoopGroup.singleton)
    do {
        try await body(ServerUnderTest(server: server, services: services, log: log))
    } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}

extension Moment {
    static var now: Moment {
        var time = timespec()
        // Safe because the pointer is used only during the call.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(
            monotonic: .init(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)),
            wall: .init(seconds: 1_734_694_500))
    }
}

/// Keeps what was logged.
struct LogRecorder: LogHandler {
    private final class Store: Sendable {
        let lines = Mutex<[String]>([])
    }

    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let store = Store()

    var lines: [String] { store.lines.withLock(\.self) }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        store.lines.withLock { $0.append(event.message.description) }
    }
}
