import Logging
import ProxyModel
import Synchronization
import Testing

@testable import HealthChecks

@Suite struct NameTableTests {
    private let address = IPAddress.loopbackV4

    @Test func aNameIsLookedUpAtOnceAndThenOncePerInterval() {
        var names = NameTable(interval: .seconds(10))
        #expect(names.retain("a", now: .zero) == true)
        #expect(names.retain("a", now: .zero) == false)
        #expect(names.takeDue(now: .zero + .seconds(20)).isEmpty, "its look-up is under way")
        let outcome = names.finished("a", .success([address]), now: .zero + .seconds(1))
        #expect(outcome?.changed == .init(addresses: [address], error: nil))
        names.settled("a")
        #expect(names.takeDue(now: .zero + .seconds(10)).isEmpty)
        #expect(names.takeDue(now: .zero + .seconds(11)) == ["a"])
        #expect(names.finished("a", .success([address]), now: .zero + .seconds(11))?.changed == nil)
    }

    @Test func aFailureIsWarnedOfOnceRetriedSoonAndHeals() {
        var names = NameTable(interval: .seconds(10))
        _ = names.retain("a", now: .zero)
        let error = LookupError("no such name")
        #expect(names.finished("a", .failure(error), now: .zero)?.beganToFail == true)
        names.settled("a")
        #expect(names.takeDue(now: .zero + .seconds(1)) == ["a"])
        #expect(names.finished("a", .failure(error), now: .zero + .seconds(1))?.beganToFail == false)
        names.settled("a")
        #expect(names.takeDue(now: .zero + .seconds(2)).isEmpty)
        #expect(names.takeDue(now: .zero + .seconds(3)) == ["a"])
        let healed = names.finished("a", .success([address]), now: .zero + .seconds(3))
        #expect(healed?.healed == true)
        #expect(healed?.changed?.addresses == [address])
    }

    @Test func addressesSurviveANameServerThatIsAwayButNotTheEndOfTheName() {
        var names = NameTable(interval: .seconds(10))
        _ = names.retain("a", now: .zero)
        _ = names.finished("a", .success([address]), now: .zero)
        let away = names.finished("a", .failure(.init("try again", isFinal: false)), now: .zero)
        #expect(away?.changed == .init(addresses: [address], error: "try again"))
        let gone = names.finished("a", .failure(.init("no such name")), now: .zero)
        #expect(gone?.changed == .init(addresses: [], error: "no such name"))
    }

    @Test func aNameThatNothingUsesIsForgotten() {
        var names = NameTable(interval: .seconds(10))
        _ = names.retain("a", now: .zero)
        names.release("a")
        #expect(names.count == 0)
        #expect(names.finished("a", .success([address]), now: .zero) == nil)
    }

    @Test func aFloodOfFailuresIsNoFloodOfLookUps() {
        var names = NameTable(interval: .seconds(10))
        _ = names.retain("a", now: .zero)
        #expect(names.want("a", now: .zero) == false, "one is under way")
        _ = names.finished("a", .success([address]), now: .zero)
        names.settled("a")
        #expect(names.want("a", now: .zero + .milliseconds(10)) == false)
        #expect(names.takeDue(now: .zero + .milliseconds(999)).isEmpty)
        #expect(names.takeDue(now: .zero + .seconds(1)) == ["a"])
        _ = names.finished("a", .success([address]), now: .zero + .seconds(1))
        names.settled("a")
        #expect(names.want("a", now: .zero + .seconds(3)) == true)
        #expect(names.want("unknown", now: .zero + .seconds(3)) == false)
    }
}

@Suite(.timeLimit(.minutes(1))) struct ResolverTests {
    private final class Published: Sendable {
        let entries = Mutex<[String: [IPAddress]]>([:])
    }

    private func resolver(
        _ published: Published, policy: AddressPolicy = .init(), lookup: @escaping Resolver.Lookup
    ) -> Resolver {
        Resolver(interval: .seconds(10), policy: policy, logger: Logger(label: "test"), lookup: lookup) {
            host, addresses, _ in
            published.entries.withLock { $0[host] = addresses }
        }
    }

    @Test func firstAnswersWaitsUntilTheNamesArePublished() async throws {
        let published = Published()
        let resolver = resolver(published) { _ in [.loopbackV4] }
        await resolver.retain(["a", "b"])
        await resolver.firstAnswers(for: ["a", "b"], within: .seconds(30))
        #expect(published.entries.withLock(\.self) == ["a": [.loopbackV4], "b": [.loopbackV4]])
        #expect(try await resolver.addresses(of: "a") == [.loopbackV4])
    }

    @Test func firstAnswersGivesUpOnANameServerThatDoesNotAnswer() async {
        let gate = Mutex<Bool>(false)
        let resolver = resolver(Published()) { _ in
            while !gate.withLock(\.self) {}
            return [.loopbackV4]
        }
        await resolver.retain(["slow"])
        await resolver.firstAnswers(for: ["slow"], within: .milliseconds(20))
        gate.withLock { $0 = true }
        await resolver.firstAnswers(for: ["slow"], within: .seconds(30))
    }

    @Test func deniedAddressesAreLeftOut() async throws {
        let denied = try CIDR(parsing: "169.254.0.0/16")
        let metadata = try #require(IPAddress("169.254.169.254"))
        let resolver = resolver(Published(), policy: .init(deny: [denied])) { host in
            host == "both" ? [metadata, .loopbackV4] : [metadata]
        }
        #expect(try await resolver.addresses(of: "both") == [.loopbackV4])
        await #expect(throws: LookupError.self) { try await resolver.addresses(of: "metadata") }
    }

    @Test func theSystemKnowsLocalhost() throws {
        #expect(try SystemLookup.addresses(of: "localhost").contains { $0.isLoopback })
        #expect(throws: LookupError.self) { try SystemLookup.addresses(of: "no-such-name.invalid") }
    }

    @Test func policyPrefersDenyAndTakesAnEmptyAllowListForAll() throws {
        let policy = AddressPolicy(
            allow: [try CIDR(parsing: "10.0.0.0/8")], deny: [try CIDR(parsing: "10.1.0.0/16")])
        #expect(policy.permits(try #require(IPAddress("10.2.0.1"))))
        #expect(!policy.permits(try #require(IPAddress("10.1.0.1"))))
        #expect(!policy.permits(try #require(IPAddress("192.0.2.1"))))
        #expect(AddressPolicy().permits(try #require(IPAddress("192.0.2.1"))))
    }
}
