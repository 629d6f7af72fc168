import Testing

@testable import TrafficPolicy

@Suite struct StatisticsTests {
    @Test func `Every value is within two per cent of what is told of it`() {
        var random = Random(seed: 1)
        var values: [UInt64] = Array(0...4_096)
        for exponent in 0..<32 as Range<UInt64> { values += [1 << exponent, (1 << exponent) + 1, (2 << exponent) - 1] }
        for _ in 0..<5_000 { values.append(random.next() >> UInt64(33 + random.below(30))) }
        for value in values where value <= LatencyHistogram.maximum {
            var histogram = LatencyHistogram()
            histogram.record(microseconds: value)
            let told = histogram.quantile(permille: 500)
            let error = Double(max(told, value) - min(told, value))
            #expect(error <= Double(value) * 0.016, "\(value) is told as \(told)")
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `Quantiles are those of the sorted values`(seed: UInt64) {
        var random = Random(seed: seed)
        var parts = (0..<4).map { _ in LatencyHistogram() }
        var values: [UInt64] = []
        for _ in 0..<(1 + random.below(5_000)) {
            let value = random.next() >> UInt64(40 + random.below(20))
            values.append(value)
            parts[random.below(4)].record(microseconds: value)
        }
        var merged = LatencyHistogram()
        for part in parts { merged.merge(part) }
        values.sort()
        #expect(merged.count == UInt64(values.count))
        #expect(merged.total == values.reduce(0, +))
        for permille in [0, 1, 250, 500, 900, 950, 990, 999, 1000] {
            let rank = max((values.count * permille + 999) / 1000, 1)
            let exact = Double(values[rank - 1])
            #expect(abs(Double(merged.quantile(permille: permille)) - exact) <= exact * 0.02)
        }
    }

    @Test func `A histogram without values answers zero and uses no memory`() {
        let histogram = LatencyHistogram()
        #expect(histogram.quantile(permille: 950) == 0 && histogram.average == 0 && histogram.allocatedBytes == 0)
    }

    @Test func `A usual route uses less than two KiB for its latencies`() {
        var random = Random(seed: 2)
        var histogram = LatencyHistogram()
        for _ in 0..<10_000 { histogram.record(microseconds: 1_000 + random.next() % 60_000) }
        #expect(histogram.allocatedBytes <= 7 * 256)
    }

    @Test func `What takes longer than the range counts as the longest`() {
        var histogram = LatencyHistogram()
        histogram.record(microseconds: .max)
        histogram.record(microseconds: 1 << 40)
        #expect(histogram.count == 2)
        #expect(histogram.quantile(permille: 1000) > LatencyHistogram.maximum / 100 * 98)
    }

    @Test func `Codes from 100 to 599 are counted, others are not`() {
        var counts = StatusCodeCounts()
        for code in -1...700 {
            for _ in 0..<(code & 3) { counts.record(code) }
        }
        for code in -1...700 { #expect(counts[code] == ((100..<600).contains(code) ? UInt64(code & 3) : 0)) }
        #expect(counts.all.keys.allSatisfy { (100..<600).contains($0) })
        #expect(counts.all.count == 375)
        var few = StatusCodeCounts()
        for code in [200, 204, 304, 404] { few.record(code) }
        #expect(few.allocatedBytes <= 512)
        few.merge(counts)
        few.merge(StatusCodeCounts())
        #expect(few[200] == 1 && few[202] == 2 && few[599] == 3 && few[503] == 3)
    }

    @Test func `A route counts requests, errors, bytes and codes, and workers' parts add up`() {
        var one = RouteStatistics()
        one.record(status: 200, microseconds: 1_000, bytesSent: 10, bytesReceived: 1)
        one.record(status: 503, microseconds: 3_000, bytesSent: 20, bytesReceived: 2)
        var other = RouteStatistics()
        other.record(status: 0, microseconds: 5_000, bytesSent: 0, bytesReceived: 3)
        other.record(status: 499, microseconds: 7_000, bytesSent: 1, bytesReceived: 0)
        one.merge(other)
        #expect(one.requests == 4 && one.errors == 2)
        #expect(one.bytesSent == 31 && one.bytesReceived == 6)
        #expect(one.statusCodes == [200: 1, 503: 1, 499: 1])
        #expect(one.averageLatency == 4_000)
        #expect((6_860...7_140).contains(one.p99Latency))
        #expect((6_860...7_140).contains(one.p95Latency))
    }
}
