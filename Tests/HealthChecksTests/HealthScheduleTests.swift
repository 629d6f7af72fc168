import ProxyModel
import Testing

@testable import HealthChecks

@Suite struct HealthScheduleTests {
    private func check(_ backend: String, path: String? = nil, interval: Duration = .seconds(30)) throws -> HealthCheck
    {
        HealthCheck(
            backend: try BackendURL(parsing: backend),
            settings: HealthCheckSettings(path: path, interval: interval, timeout: .seconds(5)))
    }

    private func answer(_ status: Int) -> ProbeResult {
        .answered(.init(status: status, duration: .milliseconds(1), isCertificateValid: nil))
    }

    private let refused = ProbeResult.failed(.init(reason: .connectionRefused, message: "connection refused"))

    /// Runs the schedule up to `end`, answering every probe by `result`; returns when each began.
    private func run(
        _ schedule: inout HealthSchedule, from start: MonotonicTime = .zero, to end: MonotonicTime,
        _ result: (HealthCheck, Int) -> ProbeResult
    ) -> [(at: MonotonicTime, finding: HealthSchedule.Finding?)] {
        var probes: [(MonotonicTime, HealthSchedule.Finding?)] = []
        var now = start
        while let due = schedule.nextDue, due <= end {
            now = max(now, due)
            for check in schedule.takeDue(now: now, limit: .max) {
                let finding = schedule.finished(check, result(check, probes.count), now: now, random: .max / 2)
                probes.append((now, finding))
            }
        }
        return probes
    }

    @Test func twoFailuresMakeUnhealthyAndOneSuccessHealthyAgain() throws {
        var schedule = HealthSchedule()
        let check = try check("http://10.0.0.1:80")
        schedule.retain(check, now: .zero, random: 0)
        let probes = run(&schedule, to: .zero + .seconds(20)) { _, number in number < 2 ? refused : answer(200) }
        let changes = probes.compactMap(\.finding).filter(\.hasChanged)
        #expect(
            changes == [
                .init(isHealthy: false, reason: "connection_refused", hasChanged: true),
                .init(isHealthy: true, reason: "status_200", hasChanged: true),
            ])
        #expect(schedule.isHealthy(check))
    }

    @Test func anUnhealthyBackendIsProbedAgainWithinFiveSecondsAndReportedEachTime() throws {
        var schedule = HealthSchedule()
        schedule.retain(try check("http://10.0.0.1:80"), now: .zero, random: 0)
        let probes = run(&schedule, to: .zero + .seconds(60)) { _, _ in refused }
        for (earlier, later) in zip(probes, probes.dropFirst()) { #expect(later.at - earlier.at <= .seconds(5)) }
        #expect(probes.dropFirst().allSatisfy { $0.finding?.isHealthy == false })
        #expect(probes.compactMap(\.finding).filter(\.hasChanged).count == 1)
    }

    @Test func aHealthyBackendIsProbedOncePerInterval() throws {
        var schedule = HealthSchedule()
        schedule.retain(try check("http://10.0.0.1:80", interval: .seconds(10)), now: .zero, random: 0)
        let probes = run(&schedule, to: .zero + .seconds(100)) { _, _ in answer(200) }
        #expect((10...12).contains(probes.count))
        #expect(probes.allSatisfy { $0.finding == nil })
    }

    @Test(
        arguments: [
            (nil, 200, true), (nil, 404, true), (nil, 499, true), (nil, 500, false), (nil, 503, false),
            ("/health", 200, true), ("/health", 302, true), ("/health", 404, false), ("/health", 500, false),
            ("/health", 199, false),
        ] as [(String?, Int, Bool)])
    func whatCountsAsHealthyDependsOnWhetherAPathWasSet(path: String?, status: Int, isHealthy: Bool) {
        let verdict = HealthSchedule.verdict(of: answer(status), settings: .init(path: path))
        #expect(verdict.isHealthy == isHealthy)
        #expect(verdict.reason == "status_\(status)")
    }

    @Test func sharedChecksAreProbedOnceAndForgottenWithTheirLastUse() throws {
        var schedule = HealthSchedule()
        let check = try check("http://10.0.0.1:80")
        schedule.retain(check, now: .zero, random: 0)
        schedule.retain(check, now: .zero, random: 0)
        #expect(schedule.takeDue(now: .zero + .seconds(1), limit: 10) == [check])
        _ = schedule.finished(check, answer(200), now: .zero, random: 0)
        schedule.release(check)
        #expect(schedule.count == 1)
        schedule.release(check)
        #expect(schedule.count == 0)
        #expect(schedule.takeDue(now: .zero + .seconds(1000), limit: 10).isEmpty)
    }

    @Test func thousandsOfNewChecksDoNotBurst() throws {
        var schedule = HealthSchedule()
        var random: UInt64 = 1
        for number in 0..<6000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            schedule.retain(try check("http://10.0.\(number / 250).\(number % 250):80"), now: .zero, random: random)
        }
        var perSecond = [Int](repeating: 0, count: 40)
        for probe in run(&schedule, to: .zero + .seconds(25), { _, _ in answer(200) }) {
            perSecond[Int((probe.at - .zero).components.seconds)] += 1
        }
        #expect(perSecond.max() ?? 0 <= 210, "\(perSecond)")
    }

    @Test func aSuspectIsProbedAtOnceAlsoWhileAProbeIsUnderWay() throws {
        var schedule = HealthSchedule()
        let check = try check("http://10.0.0.1:80")
        schedule.retain(check, now: .zero, random: 0)
        #expect(schedule.takeDue(now: .zero + .milliseconds(100), limit: 1) == [check])
        schedule.hurry(check, now: .zero + .milliseconds(100))
        #expect(schedule.takeDue(now: .zero + .milliseconds(100), limit: 1).isEmpty)
        _ = schedule.finished(check, answer(200), now: .zero + .seconds(1), random: 0)
        #expect(schedule.takeDue(now: .zero + .seconds(1), limit: 1) == [check])
        _ = schedule.finished(check, answer(200), now: .zero + .seconds(1), random: 0)
        #expect(schedule.takeDue(now: .zero + .seconds(2), limit: 1).isEmpty)
        schedule.hurry(check, now: .zero + .seconds(2))
        #expect(schedule.takeDue(now: .zero + .seconds(2), limit: 1) == [check])
    }

    @Test func queueGivesElementsInOrder() {
        var queue = DueQueue<Int>()
        let times = [5, 3, 9, 1, 7, 3, 8, 2, 6, 4]
        for time in times { queue.insert(time, due: .init(nanoseconds: UInt64(time))) }
        var order: [Int] = []
        while let next = queue.popDue(by: .init(nanoseconds: 7)) { order.append(next.element) }
        #expect(order == [1, 2, 3, 3, 4, 5, 6, 7])
        #expect(queue.count == 2)
    }
}
