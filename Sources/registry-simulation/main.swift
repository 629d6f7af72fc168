import ProxyModel

let usage = """
    Usage: registry-simulation [--steps N] [--apply-cost] [--soak N]
      --steps N      do N random steps (1,000,000 unless given) with the seed in SIM_SEED (1 unless given), checking the
                     registry against an oracle after each
      --apply-cost   measure what an apply costs with many routes in force
      --soak N       do N applies over 100,000 routes: neither their cost nor memory may grow
    """

/// The number that follows an argument, `nil` where the argument is not there.
func number(after name: String) -> Int? {
    guard let index = CommandLine.arguments.firstIndex(of: name), index + 1 < CommandLine.arguments.count else {
        return nil
    }
    return Int(CommandLine.arguments[index + 1])
}

func simulate(steps: Int, seed: UInt64) {
    // A new world every so often: short histories reach more different states than one long one.
    let stepsPerWorld = 20_000
    var counts: [String: (answered: Int, refused: Int)] = [:]
    let start = ContinuousClock.now
    var done = 0
    var world = seed &* 1_000_003
    while done < steps {
        let simulation = Simulation(seed: world)
        for _ in 0..<min(stepsPerWorld, steps - done) { simulation.step() }
        simulation.finish()
        counts.merge(simulation.counts) { ($0.answered + $1.answered, $0.refused + $1.refused) }
        done += simulation.steps
        world &+= 1
    }
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
        print("\(name): \(count.answered) answered, \(count.refused) refused")
    }
    print("\(done) steps with seed \(seed) clean in \(ContinuousClock.now - start)")
}

if CommandLine.arguments.contains("--help") {
    print(usage)
} else if CommandLine.arguments.contains("--apply-cost") {
    ApplyCost(routes: 1_000, applies: 2_000).run()
    ApplyCost(routes: 100_000, applies: 2_000).run()
} else if let applies = number(after: "--soak") {
    ApplySoak(routes: 100_000, applies: applies).run()
} else {
    let seed = Environment.number("SIM_SEED") ?? 1
    simulate(steps: number(after: "--steps") ?? 1_000_000, seed: UInt64(seed))
}
