import CostModels
import Diagnostics
import EventKernel
import Foundation
import Profiles
import Scenarios
import Simulator
import Testing

@Suite("resolution")
struct ResolutionTests {
    @Test("shorthands become pools with every default filled in")
    func shorthands() throws {
        let scenario = try Fixture.resolve(Fixture.three).scenario
        let pools = scenario.deployments.map(\.pools)
        #expect(pools.map { $0.map(\.role) } == [[.unified], [.prefill, .decode], [.semiPD]])
        #expect(
            pools[0][0].arguments.map(\.name) == [
                "max_num_batched_tokens", "max_num_seqs", "block_size", "enable_prefix_caching",
            ])
        #expect(pools[0][0].arguments.map(\.value) == [8192, 1024, 16, 1])
        #expect(pools[1][1].arguments.map(\.name) == ["max_num_seqs", "block_size"])
        #expect(pools[2][0].partition == SMPartition(prefill: 104, decode: 132, total: 132))
        #expect(pools[0][0].memory == .utilization(0.9))
        #expect(scenario.deployments.map(\.router) == [.leastOutstanding, .leastOutstanding, .leastOutstanding])
        #expect(
            scenario.deployments[1].link?.bytesPerSecond == 450e9
                && scenario.deployments[1].link?.latencySeconds == 2.8e-6)
        #expect(scenario.slo == nil && scenario.seed == 1 && scenario.run == 0 && scenario.name == "s")
    }

    @Test(
        "defaults of vLLM follow the size of the device",
        arguments: [("h200-sxm", 1024), ("a100-80", 256), ("l40s", 256)])
    func defaults(device: String, sequences: Int) throws {
        let text = Fixture.three.replacing("h200-sxm", with: device)
        let pool = try Fixture.resolve(text).scenario.deployments[0].pools[0]
        #expect(pool.arguments[0].value == (sequences == 1024 ? 8192 : 2048))
        #expect(pool.arguments[1].value == sequences)
    }

    @Test("deployments are replicated to the same number of GPUs, and that is said")
    func equalGPUs() throws {
        let resolution = try Fixture.resolve(Fixture.three)
        #expect(resolution.scenario.deployments.map(\.gpus) == [2, 2, 2])
        #expect(
            resolution.remarks.map(\.description) == [
                "s.yaml:5:5: note: deployment \"unified\" runs 2 times, on 2 GPUs, to use as many GPUs as the others",
                "s.yaml:7:5: note: deployment \"semi-pd\" runs 2 times, on 2 GPUs, to use as many GPUs as the others",
            ])
        let six = try Fixture.resolve(
            Fixture.scenario("  - {policy: vllm-v1, instances: 3}\n  - {policy: distserve, tp: 1}"))
        #expect(six.scenario.deployments.map(\.gpus) == [6, 6])
    }

    @Test("at equal cost each deployment is replicated within the price of the dearest")
    func equalCost() throws {
        let text = Fixture.scenario(
            """
              - {policy: vllm-v1, name: a, instances: 2}
              - {policy: vllm-v1, name: b, device: l40s}
            """)
        let prices = ["equal=cost", "prices={h200-sxm: 3.6, l40s: 0.8}"]
        let scenario = try Fixture.resolve(text, overrides: prices).scenario
        #expect(scenario.deployments.map(\.gpus) == [2, 9])
        #expect(scenario.deployments[0].pricePerHour == 7.2)
        // A price that divides the dearest exactly is not rounded down to one replica less.
        let exact = ["equal=cost", "prices={h200-sxm: 3.3, l40s: 1.1}"]
        #expect(try Fixture.resolve(text, overrides: exact).scenario.deployments.map(\.gpus) == [2, 6])
    }

    @Test("without equal footing deployments stay as they are")
    func unequal() throws {
        #expect(
            try Fixture.resolve(Fixture.three, overrides: ["equal=none"]).scenario.deployments.map(\.gpus) == [1, 2, 1])
    }

    @Test("the full form takes pools of any kind")
    func fullForm() throws {
        let text = Fixture.scenario(
            """
              - name: custom
                router: round-robin
                pools:
                  - {role: prefill, policy: distserve, tp: 2, instances: 3, parameters: {max_prefill_tokens: 4096}}
                  - {role: decode, policy: distserve, tp: 4, device: a100-80, kv_blocks: 20000}
                  - {name: both, role: semi-pd, policy: semi-pd, partition_sms: [48, 84], memory_utilization: 0.8}
                link: {bandwidth: 100e9, latency: 1e-5}
            """)
        let deployment = try Fixture.resolve(text).scenario.deployments[0]
        #expect(deployment.router == .roundRobin && deployment.gpus == 11)
        #expect(deployment.pools[0].arguments.map(\.value) == [4096, 512, 16, 0])
        #expect(deployment.pools[1].device.id == "a100-80" && deployment.pools[1].memory == .blocks(20000))
        #expect(deployment.pools[2].partition == SMPartition(prefill: 48, decode: 84, total: 132))
        #expect(deployment.link?.bytesPerSecond == 100e9 && deployment.link?.latencySeconds == 1e-5)
    }

    @Test("the default link is the narrower side's NVLink times its GPUs, or PCIe where one side has no NVLink")
    func links() throws {
        func link(_ prefill: String, _ decode: String) throws -> ResolvedLink? {
            let text = Fixture.scenario(
                """
                  - name: x
                    pools:
                      - {role: prefill, policy: distserve, \(prefill)}
                      - {role: decode, policy: distserve, \(decode)}
                """)
            return try Fixture.resolve(text).scenario.deployments[0].link
        }
        #expect(try link("tp: 4", "tp: 2")?.bytesPerSecond == 900e9)
        // Each of two GPUs reads and writes what it got; alike on both sides nothing is rearranged.
        #expect(try link("tp: 4", "tp: 2")?.layoutBytesPerSecond == 4.8e12)
        #expect(try link("tp: 2", "tp: 2")?.layoutBytesPerSecond == nil)
        #expect(try link("device: h200-sxm", "device: a100-80")?.bytesPerSecond == 300e9)
        #expect(try link("device: l40s", "tp: 1")?.bytesPerSecond == 25e9)
    }

    @Test(
        "a decode instance pauses for pulls where the link says so",
        arguments: [("", false), (", pauses_decode: true", true)])
    func pauses(key: String, pauses: Bool) throws {
        let text = Fixture.scenario("  - {policy: distserve, kv_blocks: 10, link: {bandwidth: 1e9\(key)}}")
        let configuration = try Fixture.resolve(text).configurations(
            costModel: { _ in ConstantCost() }, kvCapacity: { _, _, _ in 1 })[0]
        #expect(configuration.transfer?.pausesDecode == pauses)
    }

    @Test("paths start from the scenario's folder, those of flags from the working directory")
    func paths() throws {
        func trace(_ path: String, folder: String, overrides: [String] = []) throws -> ResolvedWorkload.Source {
            let text = Fixture.three.replacing("t.csv", with: path)
            return try Fixture.resolve(text, overrides: overrides, folder: folder).scenario.workload.source
        }
        #expect(try trace("t.csv", folder: "") == .trace(path: "t.csv", format: nil))
        #expect(try trace("../../T/t.csv", folder: "Profiles/scenarios") == .trace(path: "T/t.csv", format: nil))
        #expect(try trace("../t.csv", folder: "") == .trace(path: "../t.csv", format: nil))
        #expect(try trace("/a/./t.csv", folder: "x") == .trace(path: "/a/t.csv", format: nil))
        #expect(
            try trace("t.csv", folder: "x", overrides: ["workload.trace=u.csv"]) == .trace(path: "u.csv", format: nil))
    }

    @Test("a configuration for the simulator has the resolved numbers")
    func configuration() throws {
        let resolution = try Fixture.resolve(
            Fixture.three, overrides: ["deployments.0.kv_blocks=777", "deployments.1.tp=2", "equal=none"])
        let configurations = try resolution.configurations(
            costModel: { _ in ConstantCost() },
            kvCapacity: { kind, share, block in kind.workersPerGPU * 1000 + Int(share * 100) + block })
        #expect(configurations.map { $0.pools.map(\.memory.totalBlocks) } == [[777], [1106, 1106], [2106]])
        #expect(configurations.map { $0.pools.map(\.gpusPerInstance) } == [[1], [2, 2], [1]])
        #expect(configurations[1].pools.map(\.limits.maxBatchedTokens) == [8192, 512])
        #expect(configurations.map { $0.transfer == nil } == [true, false, true])
        #expect(configurations[1].transfer?.bytesPerToken == 131_072)
        #expect(configurations[2].pools[0].partition == SMPartition(prefill: 104, decode: 132, total: 132))
    }

    @Test("a controller has every parameter, and the caps of its mechanism at the start")
    func controllers() throws {
        let text = Fixture.scenario(
            """
              - {policy: semi-pd, name: code, controller: code, controller_parameters: {max_step: 5}, kv_blocks: 100}
              - {policy: semi-pd, name: model, controller: model, mechanism: green-contexts, partition: [50, 50], kv_blocks: 1}
              - {policy: semi-pd, name: static, controller: static, partition: [80, 100], kv_blocks: 100}
            """)
        let scenario = try Fixture.resolve(text).scenario
        let pools = scenario.deployments.map { $0.pools[0] }
        let code = try #require(pools[0].partitionControl)
        #expect(code.arguments.map(\.name).starts(with: ["window_size", "step_size", "max_step"]))
        #expect(code.arguments.map(\.value) == [400, 2, 5, 80, 80, 110] && code.initial == .full)
        #expect(code.change == .asynchronous(preparation: 10, prefillStall: 0, decodeStall: 0))
        // Half of 132 SMs in steps of eight, and what is left.
        #expect(pools[1].partition == SMPartition(prefill: 72, decode: 60, total: 132))
        #expect(pools[1].partitionControl?.change == .asynchronous(preparation: 0, prefillStall: 0, decodeStall: 0))
        #expect(pools[2].partitionControl == nil && pools[2].partition?.prefill == 104)

        let configurations = try Fixture.resolve(text, overrides: ["slo={ttft: 1, tpot: 0.1}"]).configurations(
            costModel: { kind in
                // Tables for every share that decode may run on.
                #expect(kind.smCounts.count > 1 && kind.smCounts == kind.smCounts.sorted())
                return ConstantCost()
            }, kvCapacity: { _, _, _ in 0 })
        #expect(configurations.map { $0.pools[0].partitionControl == nil } == [false, false, true])
        #expect(configurations[1].pools[0].partitionControl?.inForce == pools[1].partition)
        do throws(InputError) {
            _ = try Fixture.resolve(text).configurations(
                costModel: { _ in ConstantCost() }, kvCapacity: { _, _, _ in 0 })
            Issue.record("no error")
        } catch {
            #expect(
                error.diagnostics.map(\.description) == [
                    "s.yaml:5:5: error: deployment \"code\" cannot be simulated: the controller code needs the limits of an \"slo\", of which there is none",
                    "s.yaml:6:5: error: deployment \"model\" cannot be simulated: the controller model needs the limits of an \"slo\", of which there is none",
                ])
        }
    }

    @Test("a deployment that cannot be built is reported at its place, with the others")
    func failures() throws {
        struct TooLarge: Error, CustomStringConvertible { let description = "weights do not fit" }
        let resolution = try Fixture.resolve(Fixture.three)
        do throws(InputError) {
            _ = try resolution.configurations(
                costModel: { _ in ConstantCost() }, kvCapacity: { _, _, _ in throw TooLarge() })
            Issue.record("no error")
        } catch {
            #expect(
                error.diagnostics.map(\.description) == [
                    "s.yaml:5:5: error: deployment \"unified\" cannot be simulated: weights do not fit",
                    "s.yaml:6:5: error: deployment \"distserve\" cannot be simulated: weights do not fit",
                    "s.yaml:7:5: error: deployment \"semi-pd\" cannot be simulated: weights do not fit",
                ])
        }
    }

    @Test("the shipped scenarios resolve", arguments: ["minimal", "azure-conv"])
    func shipped(name: String) throws {
        let path = Fixture.repository.appendingPathComponent("Profiles/scenarios/\(name).yaml").path
        let scenario = try ScenarioResolution.load(path: path, in: Fixture.environment).scenario
        #expect(scenario.deployments.count == (name == "minimal" ? 1 : 3))
        #expect(Set(scenario.deployments.map(\.gpus)).count == 1)
        let trace = Fixture.repository.standardizedFileURL.appendingPathComponent("Traces/azure-conv-shaped-10k.csv")
            .path
        #expect(scenario.workload.source == .trace(path: trace, format: nil))
    }

    @Test("every policy of the catalogue can be named alone, and its defaults are in their ranges")
    func catalogue() throws {
        for policy in PolicyCatalog.policies {
            let scenario = try Fixture.resolve(Fixture.scenario("  - policy: \(policy.id)")).scenario
            #expect(scenario.deployments[0].pools.map(\.role) == policy.roles)
            for (pool, part) in zip(scenario.deployments[0].pools, policy.parts) {
                for (argument, parameter) in zip(pool.arguments, part.parameters) {
                    #expect(parameter.range.contains(argument.value) && argument.name == parameter.name)
                }
            }
        }
    }
}

/// A cost model that is never asked.
struct ConstantCost: CostModel {
    func work(of shape: IterationShape, sms: Int) -> Work { Work(units: 1) }
    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        DecodeCostLine(fixed: Work(units: 1), perContextToken: Work(units: 0), validContext: 0...Int.max)
    }
    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns { .none }
    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares { ProvenanceShares(.given, seconds: 1) }
}
