import ProxyModel
import Testing

@testable import TrafficPolicy

/// How a drain moves traffic.
@Suite struct DrainBalancingTests {
    @Test(arguments: LoadBalancing.allCases, [100, 90, 75, 50, 30, 10, 1, 0] as [UInt8])
    func `The share of a draining member falls in a straight line`(policy: LoadBalancing, percent: UInt8) {
        let candidates = [Candidate(key: 1, trafficPercent: percent), Candidate(key: 2)]
        let found = shares(of: candidates, policy: policy)
        #expect(abs(found[0] - Int(percent) * 5) <= 9, "\(found)")
    }

    @Test(arguments: [LoadBalancing.p2c, .leastRequests], [80, 50, 20] as [UInt8])
    func `It does so also under load, though the draining member has less to do`(
        policy: LoadBalancing, percent: UInt8
    ) {
        var random = Random(seed: UInt64(percent))
        var candidates = [Candidate(key: 1, trafficPercent: percent), Candidate(key: 2), Candidate(key: 3)]
        var inFlight: [Int] = []
        var counts = [0, 0, 0]
        for _ in 0..<30_000 {
            let choice = LoadBalancer.choose(policy, from: candidates.span, random: random.next(), source: 0)
            let position = Int(choice.position)
            counts[position] += 1
            candidates[position].outstanding += 1
            inFlight.append(position)
            if inFlight.count > 60 {
                let ended = inFlight.remove(at: random.below(inFlight.count))
                candidates[ended].outstanding -= 1
            }
        }
        #expect(abs(counts[0] * 1000 / 30_000 - Int(percent) * 10 / 3) <= 10, "\(counts)")
        #expect(abs(counts[1] - counts[2]) < 900, "the others share what it leaves: \(counts)")
    }

    @Test(arguments: LoadBalancing.allCases)
    func `A draining member serves alone until its drain is complete`(policy: LoadBalancing) {
        func chosen(_ candidates: [Candidate]) -> [Int] { shares(of: candidates, policy: policy, rounds: 1_000) }
        let other = Candidate(key: 2, fitness: .unusable)
        #expect(chosen([Candidate(key: 1, trafficPercent: 1), other]) == [1000, 0])
        #expect(chosen([Candidate(key: 1, trafficPercent: 0), other]) == [0, 0])
        #expect(chosen([Candidate(key: 1, trafficPercent: 0)]) == [0])
        let ejected = Candidate(key: 2, fitness: .ejected)
        #expect(chosen([Candidate(key: 1, trafficPercent: 1), ejected]) == [1000, 0])
        #expect(chosen([Candidate(key: 1, trafficPercent: 0), ejected]) == [0, 1000])
    }

    @Test(arguments: LoadBalancing.allCases)
    func `Its traffic goes to a session that is away rather than staying`(policy: LoadBalancing) {
        let candidates = [Candidate(key: 1, trafficPercent: 40), Candidate(key: 2, fitness: .away)]
        let found = shares(of: candidates, policy: policy)
        #expect(abs(found[0] - 400) <= 9, "\(found)")
    }

    @Test(arguments: LoadBalancing.allCases)
    func `Where all drain they share the traffic as before`(policy: LoadBalancing) {
        let candidates = [Candidate(key: 1, trafficPercent: 10), Candidate(key: 2, trafficPercent: 10)]
        let found = shares(of: candidates, policy: policy)
        #expect(abs(found[0] - 500) <= 8 && found[0] + found[1] == 1000, "\(found)")
    }

    @Test func `A source moves once during a drain`() {
        var candidates = [Candidate(key: 1), Candidate(key: 2), Candidate(key: 3)]
        var positions = (0..<1_000 as Range<UInt64>).map { LoadBalancer.rendezvous(candidates.span, hash: mixed($0)) }
        for percent in (0...100 as ClosedRange<UInt8>).reversed() {
            candidates[0].trafficPercent = percent
            for source in positions.indices {
                let choice = LoadBalancer.rendezvous(candidates.span, hash: mixed(UInt64(source)))
                let before = positions[source].position
                #expect(choice.position == before || before == 0)
                positions[source] = choice
            }
        }
        #expect(!positions.contains { $0.position == 0 })
    }
}
