import ApusServer
import ArgumentParser
import Dispatch
import ProxyConfiguration
import Synchronization

/// `apus serve`: runs the proxy until it is told to stop.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the proxy until SIGTERM or SIGINT.",
        usage: "apus serve [--http ADDRESS]... [--registry ADDRESS]... [OPTION]...",
        discussion: """
            Every setting can be given as a flag or in the environment, where --head-timeout is APUS_HEAD_TIMEOUT. A \
            flag beats the environment, the environment beats the default. Durations are written like 300ms, 10s or \
            1m30s, sizes like 500, 64KiB or 10MiB; lists take several values, also separated by commas.

            EXAMPLES
              Unprivileged ports on this machine alone:
                apus serve --http 127.0.0.1:8080 --registry 127.0.0.1:8081
              The usual ports without being root:
                sudo setcap cap_net_bind_service=+ep $(command -v apus) && apus serve
              Behind a load balancer, with registrations from one network:
                apus serve --trusted-proxy 10.0.0.0/8 --registry-allow 10.1.0.0/16
              From the environment:
                APUS_HTTP=:8080 APUS_REGISTRY=:8081 APUS_LOG_FORMAT=json apus serve

            To register a service by hand (answers come line by line):
                $ nc localhost 8081
                REGISTER|demo|demo-1|0|{}
                ROUTE_ADD|SESSION-ID|demo.localhost|/|http://127.0.0.1:9000|0
                CONFIG_APPLY|SESSION-ID

            The first SIGTERM or SIGINT stops gracefully: registry clients are told, requests in flight finish within \
            --shutdown-timeout, the exit status is 0. The second ends at once with status 1.
            """)

    @OptionGroup(title: "Traffic") var traffic: TrafficOptions
    @OptionGroup(title: "Timeouts") var timeouts: TimeoutOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Registry") var registry: RegistryOptions
    @OptionGroup(title: "Backends") var backends: BackendOptions
    @OptionGroup(title: "Logging") var logging: LoggingOptions

    func run() throws {
        let environment = Environment.variables
        let flags = [
            traffic.flags, timeouts.flags, limits.flags, registry.flags, backends.flags, logging.flags,
        ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        let configuration: ProxyConfiguration
        do throws(ConfigurationError) {
            configuration = try ProxyConfiguration(
                flags: flags, environment: environment, cores: ApusServer.usableProcessors)
        } catch {
            throw Failure(status: 2, message: error.description)
        }
        let unknown = ProxyConfiguration.unknownNames(in: environment)
        if let error = Self.wait(for: { () async throws(StartError) in
            try await ApusServer.run(configuration, unknownVariables: unknown)
        }) {
            throw Failure(status: 1, message: error.description)
        }
    }

    /// Blocks the main thread while the proxy runs on others.
    ///
    /// An asynchronous `main` would give this thread away for good, which instruction counters do not survive.
    private static func wait(for body: @escaping @Sendable () async throws(StartError) -> Void) -> StartError? {
        let ended = DispatchSemaphore(value: 0)
        let failure = Mutex<StartError?>(nil)
        Task.detached {
            do throws(StartError) { try await body() } catch { failure.withLock { $0 = error } }
            ended.signal()
        }
        ended.wait()
        return failure.withLock(\.self)
    }
}
