import EventKernel
import Metrics
import Testing

@Suite("Classes and tenants")
struct RequestGroupTests {
    /// Chat has half a second to the first token, batch ten.
    private let slo = SLO(
        timeToFirstToken: 0.5, timePerOutputToken: 0.05,
        classes: [
            ClassSLO(name: "batch", timeToFirstToken: 10, timePerOutputToken: 1, attainmentTarget: 0.5)
        ])
    private let groups = [
        RequestGroup(className: "chat", tenant: "a"), RequestGroup(className: "batch", tenant: "a"),
        RequestGroup(className: "chat", tenant: "b"),
    ]

    private func request(_ group: Int, ttft seconds: Double, output: Int = 1) -> RequestRecord {
        var record = completedRequest(
            arrival: 0, queue: 0, prefill: Int64(seconds * 1e9), decode: Int64(output - 1) * 10_000_000, output: output)
        record.classIndex = group
        return record
    }

    private func summary(_ records: [RequestRecord], slo: SLO?) -> RunSummary {
        var builder = RunSummaryBuilder(slo: slo, pricePerHour: nil, groups: groups)
        for record in records { builder.record(record) }
        return builder.summary(of: outcome())
    }

    @Test("each request is judged by the limits of its class, and counted for its class and its tenant")
    func judged() {
        var rejected = request(2, ttft: 1)
        rejected.outcome = .rejected
        let summary = summary(
            [
                request(0, ttft: 0.4), request(0, ttft: 0.6), request(1, ttft: 9), request(1, ttft: 11),
                request(1, ttft: 2, output: 31), request(2, ttft: 0.1, output: 9), rejected,
            ], slo: slo)
        // Chat: 0.4 and 0.1 of four; batch: 9 and 2 of three.
        #expect(summary.groups.map(\.name) == ["chat", "batch", "a", "b"])
        #expect(summary.groups.map(\.kind) == [.requestClass, .requestClass, .tenant, .tenant])
        #expect(summary.groups.map(\.arrived) == [4, 3, 5, 2])
        #expect(summary.groups.map(\.completed) == [3, 3, 5, 1])
        #expect(summary.groups.map(\.metSLO) == [2, 2, 3, 1])
        #expect(summary.groups.map(\.outputTokens) == [11, 33, 35, 9])
        #expect(summary.groups.map { $0.limits?.timeToFirstToken } == [0.5, 10, nil, nil])
        #expect(summary.groups.map { $0.limits?.attainmentTarget } == [0.9, 0.5, nil, nil])
        #expect(summary[.sloAttainment] == 4.0 / 7)
        #expect(summary.groups[0].timeToFirstToken.p50 == 0.4)
        #expect(summary.groups[1].timePerOutputToken.p90 == 0.01)
        // Of tenants, 3/5 and 1/2, and 35 and 9 tokens: (x + y)² / 2(x² + y²).
        #expect(abs((summary[.attainmentFairness] ?? 0) - 1.1 * 1.1 / (2 * (0.36 + 0.25))) < 1e-12)
        #expect(abs((summary[.tokenFairness] ?? 0) - 44.0 * 44 / (2 * (35 * 35 + 81))) < 1e-12)
    }

    @Test("without an SLO nobody meets one, and tokens are shared all the same")
    func withoutSLO() {
        let summary = summary([request(0, ttft: 0.4), request(2, ttft: 0.4)], slo: nil)
        #expect(summary.groups.allSatisfy { $0.metSLO == nil && $0.attainment == nil && $0.limits == nil })
        #expect(summary[.attainmentFairness] == nil && summary[.tokenFairness] == 1)
    }

    @Test("the groups of a kind add up to the run", arguments: 0..<100 as Range<UInt64>)
    func sums(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "groups")
        let records = (0..<1 + random.index(below: 60)).map { _ in
            var record = request(
                random.index(below: 3), ttft: random.exponential(mean: 2), output: 1 + random.index(below: 20))
            if random.index(below: 5) == 0 { record.outcome = .rejected }
            return record
        }
        let summary = summary(records, slo: slo)
        for kind in GroupSummary.Kind.allCases {
            let groups = summary.groups.filter { $0.kind == kind }
            #expect(groups.reduce(0) { $0 + $1.arrived } == summary.count(.arrived))
            #expect(groups.reduce(0) { $0 + $1.completed } == summary.count(.completed))
            #expect(groups.reduce(0) { $0 + $1.outputTokens } == summary.count(.outputTokens))
            let met = groups.reduce(0) { $0 + ($1.metSLO ?? 0) }
            #expect(Double(met) / Double(records.count) == summary[.sloAttainment])
        }
        if let fairness = summary[.tokenFairness] { #expect(fairness >= 0.5 - 1e-12 && fairness <= 1 + 1e-12) }
    }

    @Test("Jain's index is 1 of equals, 1/n if one has everything, and k/n if k of n share it")
    func jain() {
        #expect(jainIndex(of: [3, 3, 3, 3]) == 1)
        #expect(jainIndex(of: [0, 0, 7, 0]) == 0.25)
        #expect(jainIndex(of: [2, 2, 0, 0, 0]) == 0.4)
        #expect(jainIndex(of: [0, 0]) == nil)
    }
}
