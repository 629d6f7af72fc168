import ProxyModel
import Testing

@testable import TrafficPolicy

/// How often each candidate is chosen, in thousandths; -1 counts as none.
func shares(
    of candidates: [Candidate], policy: LoadBalancing, rounds: Int = 30_000, seed: UInt64 = 1
) -> [Int] {
    var candidates = candidates
    var random = Random(seed: seed)
    var counts = [Int](repeating: 0, count: candidates.count)
    for _ in 0..<rounds {
        let choice = LoadBalancer.choose(policy, from: candidates.span, random: random.next(), source: random.next())
        if choice.isNone { continue }
        counts[Int(choice.position)] += 1
        candidates[Int(choice.position)].turn = choice.turn
    }
    return counts.map { ($0 * 1000 + rounds / 2) / rounds }
}

@Suite struct LoadBalancerTests {
    @Test(arguments: LoadBalancing.allCases)
    func `Idle members are chosen in proportion to their weights`(policy: LoadBalancing) {
        let candidates = [(1, 100), (2, 250), (3, 650)].map { Candidate(key: $0.0, weight: $0.1) }
        let found = shares(of: candidates, policy: policy)
        // Drawing two of three by weight and keeping the first at a draw leaves the weights as they are.
        for (share, expected) in zip(found, [100, 250, 650]) { #expect(abs(share - expected) <= 9, "\(found)") }
    }

    @Test(arguments: LoadBalancing.allCases)
    func `Each of many equal members gets the same`(policy: LoadBalancing) {
        let found = shares(of: (0..<10).map { Candidate(key: UInt64($0) &* 77) }, policy: policy)
        for share in found { #expect(abs(share - 100) <= 7, "\(found)") }
    }

    @Test(arguments: LoadBalancing.allCases)
    func `Only the fittest get requests, and unusable ones never`(policy: LoadBalancing) {
        func chosen(_ fitness: [Candidate.Fitness]) -> [Int] {
            let candidates = fitness.enumerated().map { Candidate(key: UInt64($0), fitness: $1) }
            return shares(of: candidates, policy: policy, rounds: 1_000)
        }
        #expect(chosen([.ejected, .away, .ready, .unusable]) == [0, 0, 1000, 0])
        #expect(chosen([.ejected, .away, .unusable]) == [0, 1000, 0])
        #expect(chosen([.unusable, .ejected]) == [0, 1000])
        #expect(chosen([.unusable, .unusable]) == [0, 0])
        #expect(chosen([]) == [])
    }

    @Test(arguments: LoadBalancing.allCases)
    func `A weight of zero gets nothing while others can serve`(policy: LoadBalancing) {
        func chosen(_ candidates: [Candidate]) -> [Int] { shares(of: candidates, policy: policy, rounds: 10_000) }
        #expect(chosen([Candidate(key: 1, weight: 0), Candidate(key: 2, weight: 1)]) == [0, 1000])
        #expect(chosen([Candidate(key: 1, weight: 0), Candidate(key: 2, fitness: .away)]) == [0, 1000])
        #expect(chosen([Candidate(key: 1, weight: 0), Candidate(key: 2, fitness: .ejected)]) == [1000, 0])
        let both = chosen([Candidate(key: 1, weight: 0), Candidate(key: 2, weight: 0)])
        #expect(both.allSatisfy { abs($0 - 500) < 20 })
    }

    @Test func `The less busy of two takes the request`() {
        var random = Random(seed: 3)
        let two = [Candidate(key: 1, outstanding: 5), Candidate(key: 2, outstanding: 4)]
        for _ in 0..<1_000 { #expect(LoadBalancer.p2c(two.span, random: random.next()).position == 1) }
        // 3 in flight at weight 300 is less than 2 at weight 100.
        let weighted = [Candidate(key: 1, outstanding: 3, weight: 300), Candidate(key: 2, outstanding: 2, weight: 100)]
        for _ in 0..<1_000 { #expect(LoadBalancer.p2c(weighted.span, random: random.next()).position == 0) }
    }

    @Test func `Two choices never take the busiest and keep the load even`() {
        var random = Random(seed: 4)
        var candidates = (0..<8).map { Candidate(key: UInt64($0)) }
        for step in 0..<30_000 {
            let busiest = candidates.map(\.outstanding).max() ?? 0
            let isAlone = candidates.count { $0.outstanding == busiest } == 1
            let position = Int(LoadBalancer.p2c(candidates.span, random: random.next()).position)
            #expect(!isAlone || candidates[position].outstanding < busiest)
            candidates[position].outstanding += 1
            if step >= 800 {
                let ended = random.below(8)
                candidates[ended].outstanding = max(candidates[ended].outstanding - 1, 0)
            }
        }
        let loads = candidates.map(\.outstanding)
        #expect((loads.max() ?? 0) - (loads.min() ?? 0) <= 12, "\(loads)")
    }

    @Test func `The least busy of all takes the request`() {
        let candidates = [7, 3, 9, 3, 8].map { Candidate(key: UInt64($0), outstanding: Int32($0)) }
        let found = shares(of: candidates, policy: .leastRequests, rounds: 10_000)
        #expect(found[1] + found[3] == 1000 && abs(found[1] - 500) < 20)
    }

    @Test func `Round robin spreads the turns of heavy members`() {
        var candidates = [Candidate(key: 1, weight: 3), Candidate(key: 2, weight: 1), Candidate(key: 3, weight: 1)]
        var order: [Int32] = []
        for _ in 0..<20 {
            let choice = LoadBalancer.roundRobin(candidates.span, random: 0)
            candidates[Int(choice.position)].turn = choice.turn
            order.append(choice.position)
        }
        #expect(order.count { $0 == 0 } == 12 && order.count { $0 == 1 } == 4)
        // Never more than its share in a row.
        for start in 0..<16 { #expect(Set(order[start..<start + 5]).count > 1) }
    }

    @Test func `A member that joins a round takes turns at once and catches up nothing`() {
        var candidates = [Candidate(key: 1), Candidate(key: 2)]
        func turns(_ count: Int) -> [Int] {
            var counts = [Int](repeating: 0, count: candidates.count)
            for _ in 0..<count {
                let choice = LoadBalancer.roundRobin(candidates.span, random: 0)
                candidates[Int(choice.position)].turn = choice.turn
                counts[Int(choice.position)] += 1
            }
            return counts
        }
        #expect(turns(10_000) == [5_000, 5_000])
        candidates.append(Candidate(key: 3))
        #expect(turns(3).allSatisfy { $0 == 1 })
        #expect(turns(300).allSatisfy { (99...101).contains($0) })
        candidates[0].fitness = .unusable
        _ = turns(1_000)
        candidates[0].fitness = .ready
        #expect(turns(300).allSatisfy { (99...101).contains($0) })
    }

    @Test func `Rounds go on when the clock of a group wraps round`() {
        var candidates = [Candidate(key: 1), Candidate(key: 2), Candidate(key: 3)]
        for index in candidates.indices { candidates[index].turn = UInt64.max - UInt64(index) * 100 }
        let found = shares(of: candidates, policy: .roundRobin, rounds: 3_000)
        #expect(found.allSatisfy { abs($0 - 333) <= 1 })
    }

    @Test func `A source stays with its member, and only those of a lost member move`() {
        let candidates = (0..<5).map { Candidate(key: UInt64($0) &* 1_000_003, weight: Int32(100 + $0 * 50)) }
        var fewer = candidates
        fewer[2].fitness = .unusable
        var moved = 0
        for source in 0..<10_000 as Range<UInt64> {
            let hash = mixed(source)
            let before = LoadBalancer.rendezvous(candidates.span, hash: hash).position
            #expect(before == LoadBalancer.rendezvous(candidates.span, hash: hash).position)
            let after = LoadBalancer.rendezvous(fewer.span, hash: hash).position
            if before == 2 { moved += 1 } else { #expect(after == before) }
            #expect(after != 2)
        }
        #expect(abs(moved - 2_000) < 110, "200 of 1,000 parts of the weight")
    }

    @Test func `Members are told apart by their keys, not by their order`() {
        let candidates = (0..<5).map { Candidate(key: UInt64($0) + 10) }
        let reversed = Array(candidates.reversed())
        for source in 0..<1_000 as Range<UInt64> {
            let position = LoadBalancer.rendezvous(candidates.span, hash: mixed(source)).position
            #expect(LoadBalancer.rendezvous(reversed.span, hash: mixed(source)).position == 4 - position)
        }
    }

    @Test func `A kept client stays until its member cannot serve any more`() {
        var candidates = [Candidate(key: 5), Candidate(key: 9)]
        func isKept() -> Bool { LoadBalancer.sticky(candidates.span, key: 9).position == 1 }
        #expect(isKept())
        #expect(LoadBalancer.sticky(candidates.span, key: 4).isNone)
        candidates[1].weight = 0
        #expect(isKept())
        candidates[1].fitness = .away
        #expect(isKept())
        candidates[1].trafficPercent = 1
        #expect(isKept())
        candidates[1].trafficPercent = 0
        #expect(!isKept())
        candidates[1].trafficPercent = 100
        candidates[1].fitness = .ejected
        #expect(!isKept())
        candidates[1].fitness = .unusable
        #expect(!isKept())
    }

    @Test func `The logarithm of rendezvous hashing is exact`() {
        #expect(LoadBalancer.minusLog2(.max) == 0)
        #expect(LoadBalancer.minusLog2(0) == 32 << 24)
        #expect(LoadBalancer.minusLog2(1 << 31 - 1) == 1 << 24)
        // log2(3) = 1.584962500721156
        let third = Double(LoadBalancer.minusLog2(3 << 30 - 1)) / Double(1 << 24)
        #expect(abs(third - (2 - 1.584962500721156)) < 1e-6)
    }
}
