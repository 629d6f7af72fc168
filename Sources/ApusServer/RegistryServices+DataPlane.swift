import DataPlane
import HealthChecks
import ProxyModel
import Registry
import RegistryServer
import TrafficPolicy

extension RegistryServices {
    /// The registry's actions, carried out by the data plane and the probes.
    init(dataPlane: DataPlane, publisher: Publisher, tester: BackendTester) {
        self.init(
            publish: { publisher.publish($0, whenServed: $1) },
            testBackend: { await BackendTestReport(tester.test($0, path: $1)) },
            probeBackend: { await tester.failureToAnswer($0, within: $1) },
            statistics: { await dataPlane.reports(of: $0) },
            activity: { session in
                let activity = await dataPlane.activity(of: session)
                let now = SystemClock.moment
                return ActivityReport(
                    inFlight: activity.inFlight, webSockets: activity.webSockets,
                    lastRequestAt: activity.lastRequestAt.map(now.wall(at:)))
            },
            circuit: { route in dataPlane.circuitStatus(of: route).map { CircuitReport($0, now: SystemClock.moment) } },
            resetCircuits: { dataPlane.resetCircuits(of: $0) })
    }
}

extension CircuitReport {
    init(_ status: CircuitStatus, now: Moment) {
        let state: State =
            switch status.state {
            case .closed: .closed
            case .open: .open
            case .halfOpen: .halfOpen
            }
        self.init(
            state: state, failures: status.failures, lastFailure: status.lastFailure,
            nextAttempt: status.nextAttempt.map(now.wall(at:)))
    }
}

extension BackendTestReport {
    init(_ outcome: BackendTester.Outcome) {
        self =
            switch outcome {
            case .reachable(let time, let status, let isValid):
                .reachable(responseTime: time, statusCode: status, tlsValid: isValid)
            case .unreachable(let error):
                .unreachable(reason: error)
            }
    }
}

extension DataPlane {
    /// The figures of routes and their totals, as STATS_GET shows them.
    func reports(of routes: [RouteID]) async -> (routes: [RouteID: TrafficReport], total: TrafficReport) {
        let statistics = await statistics(of: routes)
        var total = RouteStatistics()
        for part in statistics.values { total.merge(part) }
        return (statistics.mapValues { TrafficReport($0) }, TrafficReport(total))
    }
}

extension TrafficReport {
    init(_ statistics: RouteStatistics) {
        self.init(
            requests: statistics.requests, errors: statistics.errors,
            averageLatency: .microseconds(statistics.averageLatency),
            p95Latency: .microseconds(statistics.p95Latency), p99Latency: .microseconds(statistics.p99Latency),
            bytesSent: statistics.bytesSent, bytesReceived: statistics.bytesReceived,
            statusCodes: statistics.statusCodes)
    }
}

extension Moment {
    /// The time of day at a point of the monotonic clock.
    func wall(at time: MonotonicTime) -> WallTime {
        WallTime(seconds: wall.seconds - (monotonic - time).components.seconds)
    }
}
