import CostModels
import EventKernel
import Scenarios
import Simulator
import Testing

@Suite("costs that a scenario states")
struct GivenCostsTests {
    private static let affine =
        """
        workload: {trace: t.csv}
        model: llama-3-8b
        device: h200-sxm
        costs:
          iteration_ms: 0.5
          prefill: {constant_ms: 5, per_token_ms: 0.05, per_squared_token_ms: 1e-6}
          decode: {constant_ms: 6, per_context_token_ms: 4e-5, per_sequence_ms: 0.02}
          large_decode: {above: 95, constant_ms: 8, per_context_token_ms: 5e-5}
        deployments: [{policy: vllm-v1}, {policy: distserve, costs: {tokens_ms: [[1, 6], [101, 16]], sequences_ms: [[1, 5], [3, 7]]}}]
        """

    private func models(_ text: String) throws -> [any CostModel] {
        try Fixture.resolve(text, overrides: ["equal=none"])
            .configurations(
                costModel: { kind in RefusedCostModel() as any CostModel }, kvCapacity: { _, _, _ in 1000 }
            )
            .flatMap { $0.pools.map(\.costModel) }
    }

    @Test("affine costs are what the formulas say, with a set of their own for large decode batches")
    func affine() throws {
        let model = try models(Self.affine)[0]
        func milliseconds(_ shape: IterationShape) -> Double { model.work(of: shape, sms: 132).seconds * 1e3 }
        // 0.5 + 5 + 1000·0.05 + 1000²·1e-6
        #expect(abs(milliseconds(.prefill(tokens: 1000)) - 56.5) < 1e-6)
        // 0.5 + 6 + 50000·4e-5 + 95·0.02, and with one sequence more 0.5 + 8 + 50000·5e-5
        #expect(abs(milliseconds(.decode(sequences: 95, contextTokens: 50_000)) - 10.4) < 1e-4)
        #expect(abs(milliseconds(.decode(sequences: 96, contextTokens: 50_000)) - 11) < 1e-4)
        // The larger constant and both sums: 0.5 + 6 + 100·0.05 + 100²·1e-6 + 1000·4e-5 + 2·0.02
        var mixed = IterationShape.decode(sequences: 2, contextTokens: 1000)
        mixed.addPrefill(tokens: 100, cached: 0, completes: true)
        #expect(abs(milliseconds(mixed) - 11.59) < 1e-4)
    }

    @Test("a table is linear between its points, holds its first value below and goes on as it ends beyond")
    func table() throws {
        let model = try models(Self.affine)[1]
        func milliseconds(_ shape: IterationShape) -> Double { model.work(of: shape, sms: 132).seconds * 1e3 }
        for (tokens, expected) in [(1, 6.0), (51, 11), (101, 16), (201, 26)] {
            #expect(abs(milliseconds(.prefill(tokens: tokens)) - expected) < 1e-6)
        }
        for (sequences, expected) in [(1, 5.0), (2, 6), (5, 9)] {
            #expect(abs(milliseconds(.decode(sequences: sequences, contextTokens: 9000)) - expected) < 1e-6)
        }
        var mixed = IterationShape.decode(sequences: 2, contextTokens: 1000)
        mixed.addPrefill(tokens: 49, cached: 0, completes: true)
        #expect(abs(milliseconds(mixed) - 11) < 1e-6, "51 tokens with those of both sequences")
    }

    @Test("a pool's own costs win over the scenario's, and both survive the round trip")
    func roundTrip() throws {
        let scenario = try Fixture.resolve(Self.affine, overrides: ["equal=none"]).scenario
        #expect(try Fixture.resolve(scenario.yaml()).scenario == scenario)
        #expect(scenario.deployments[0].pools[0].costs != scenario.deployments[1].pools[0].costs)
        #expect(scenario.deployments[1].pools[0].costs == scenario.deployments[1].pools[1].costs)
    }

    private static let malformedCosts: [(String, String)] = [
        ("{}", "s.yaml:4:8: error: a costs mapping has no \"prefill\""),
        (
            "{prefill: {}, decode: {constant_ms: 1}}",
            "s.yaml:4:18: error: a prefill costs mapping has no \"constant_ms\""
        ),
        (
            "{prefill: {constant_ms: -1}, decode: {constant_ms: 1}}",
            "s.yaml:4:32: error: constant_ms: found \"-1\", expected a number from 0 to 1e9"
        ),
        (
            "{prefill: {constant_ms: 1}, decode: {constant: 1}}",
            "s.yaml:4:45: error: found the unknown key \"constant\" in a decode costs mapping"
        ),
        ("{tokens_ms: [[1, 2]]}", "s.yaml:4:8: error: a costs mapping has no \"sequences_ms\""),
        (
            "{tokens_ms: [[1, 2], [1, 3]], sequences_ms: [[1, 1]]}",
            "s.yaml:4:20: error: tokens_ms[1]: found the count 1.0, expected a whole number above 1"
        ),
        (
            "{tokens_ms: [[1, 2]], sequences_ms: [[1, 1]], decode: {}}",
            "s.yaml:4:54: error: found the unknown key \"decode\" in a costs mapping"
        ),
    ]

    @Test("malformed costs are reported at their place", arguments: malformedCosts)
    func malformed(costs: String, expected: String) {
        let problems = Fixture.problems(
            "workload: {trace: a}\nmodel: llama-3-8b\ndevice: h200-sxm\ncosts: \(costs)\ndeployments: [{policy: vllm-v1}]"
        )
        #expect(problems.contains { $0.contains(expected) }, "\(problems)")
    }
}

/// Nobody may ask it: the scenario states the costs.
private struct RefusedCostModel: CostModel {
    func work(of shape: IterationShape, sms: Int) -> Work { preconditionFailure("asked for work") }
    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine { preconditionFailure("asked") }
    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns { .none }
    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares { ProvenanceShares() }
}

@Suite("changes of a deployment")
struct ChangesTests {
    private static func one(_ changes: String) -> String {
        Fixture.scenario("  - policy: distserve\n    decode_instances: 2\n    changes: \(changes)")
    }

    @Test("changes are sorted by time, numbered over all pools, and survive the round trip")
    func resolved() throws {
        let resolution = try Fixture.resolve(
            Self.one(
                "[{at: 9, join: decode, instance: 1}, {at: 0.5, fail: decode, instance: 1}, {at: 2, link_bandwidth: 1e9}]"
            ))
        let again = try Fixture.resolve(resolution.scenario.yaml()).scenario
        #expect(again == resolution.scenario)
        let configuration = try resolution.configurations(
            costModel: { _ in RefusedCostModel() as any CostModel }, kvCapacity: { _, _, _ in 1000 })[0]
        #expect(
            configuration.changes == [
                DeploymentChange(.fail(instance: 2, .retried), at: SimulationTime(nanoseconds: 500_000_000)),
                DeploymentChange(.linkBandwidth(1e9), at: SimulationTime(nanoseconds: 2_000_000_000)),
                DeploymentChange(.join(instance: 2), at: SimulationTime(nanoseconds: 9_000_000_000)),
            ])
    }

    private static let malformedChanges: [(String, String)] = [
        ("{at: 1}", "s.yaml:7:14: error: changes: expected a list of changes"),
        (
            "[{at: 1}]",
            "s.yaml:7:15: error: found none of \"fail\", \"join\", \"flip\" and \"link_bandwidth\" in a change"
        ),
        ("[{at: 1, fail: decode, join: decode}]", "s.yaml:7:15: error: found fail and join of"),
        ("[{fail: decode}]", "s.yaml:7:15: error: a change has no \"at\""),
        ("[{at: 1, fail: unified}]", "s.yaml:7:29: error: fail: found \"unified\", expected a pool: prefill, decode"),
        ("[{at: 1, fail: decode, instance: 2}]", "s.yaml:7:47: error: instance: found \"2\""),
        ("[{at: 1, fail: decode, requests: gone}]", "s.yaml:7:47: error: requests: found \"gone\""),
        ("[{at: 1, join: decode, requests: lost}]", "s.yaml:7:37: error: found the unknown key \"requests\""),
    ]

    @Test("a malformed change is reported at its place", arguments: malformedChanges)
    func malformed(changes: String, expected: String) {
        let problems = Fixture.problems(Self.one(changes))
        #expect(problems.contains { $0.contains(expected) }, "\(problems)")
    }
}
