import CostModels
import Diagnostics
import EventKernel
import Foundation
import Metrics
import Profiles
import Scenarios
import Testing

@Suite("writing, overriding and building scenarios")
struct RoundTripTests {
    /// A random scenario in the form that users write.
    private func scenario(seed: Int) -> String {
        var stream = RandomStreams(seed: UInt64(seed)).stream(named: "scenario")
        func pick(_ choices: String...) -> String { choices[stream.index(below: choices.count)] }
        var deployments = ""
        for index in 0...stream.index(below: 3) {
            let name = pick("plain", "\"two words: #1\"", "'it''s'", "\"速度 \\u2028 \\\"\"", "1e5", "\"null\"")
            let memory = pick("", ", kv_blocks: 2000", ", memory_utilization: 0.123456789012345")
            let stages = pick("", ", pp: 2")
            let common = "tp: \(pick("1", "2", "4"))\(memory), device: \(pick("h200-sxm", "a100-80", "rtx-4090"))"
            deployments += "  - "
            switch stream.index(below: 5) {
            case 4:
                let mixing = pick("", ", mixed_pool_tokens: 5", ", mixed_pool_memory: 0.75")
                deployments += "{policy: splitwise, name: s\(index), \(common)\(mixing)}\n"
            case 0:
                let policy = pick("vllm-v1", "vllm-0.6", "vllm-0.6, preemption_mode: swap, swap_space: 0.5")
                deployments += "{policy: \(policy), name: \(index)\(pick("a", "-b")), \(common)\(stages),"
                deployments += " parameters: {max_num_seqs: \(pick("1", "64", "200"))}}\n"
            case 1:
                let eviction = pick("", ", eviction: recompute-last", ", swap_space: 3")
                deployments +=
                    "{policy: distserve, name: n\(index), \(common)\(stages)\(eviction), prefill_instances: \(pick("1", "3")),"
                deployments += " parameters: {decode: {max_num_seqs: 100}}}\n"
            case 2:
                let partition = pick(
                    "partition: [33.3, 70], hand_off: by-message", "partition_sms: [48, 84], kv_reserve: 0.05",
                    "partition: [100, 100], eviction: swap-last, swap_space: 1.5",
                    "partition: [40, 60], controller: paper, controller_parameters: {window_iterations: 50}",
                    "controller: code, partition_change: {preparation: 0.123, decode_stall: 1e-3}",
                    "controller: model, mechanism: green-contexts-fine, controller_parameters: {hysteresis: 7}",
                    "controller: code, partition_change: {kind: restart, load_bandwidth: 1e10, copy_bandwidth: 2.5e10,"
                        + " initialisation: 0.5}")
                deployments += "{policy: semi-pd, name: d\(index), \(common), \(partition)}\n"
            default:
                deployments += "name: \(name)\(index == 0 || name.hasPrefix("1") ? "" : " ")\n"
                deployments += "    router: \(pick("round-robin", "least-kv"))\n    pools:\n"
                deployments += "      - {role: prefill, policy: distserve, \(common)\(stages)}\n"
                deployments += "      - {name: \(name), role: decode, policy: distserve, \(common)}\n"
                deployments += pick(
                    "", "    link: {bandwidth: 1.2345678e11, latency: 3.3e-6}\n",
                    "    link: {bandwidth: 1e11, pauses_decode: true}\n")
                deployments += pick("", "    signal_interval: 0.25\n")
            }
        }
        let workload = pick(
            "{trace: \"a b/../c#d.csv\", rate: 0.1}", "{generate: azure-conv, requests: 77, rate: 12.5}",
            "{trace: ../x.csv, format: csv, requests: 5}", "{trace: x.csv, arrivals: \"on-off:10,30\", rate: 2.5}",
            "{trace: x.csv, from: 10, to: 20.5, classes: [a, \"b: c\"], min_prompt: 4, max_total: 2048, sample: 0.25}",
            "{generate: azure-conv, requests: 77, skip: 3, time_warp: 0.5, max_output: 90, min_output: 2}",
            "{trace: x.csv, closed_loop: {users: 3, think_time: 1.5}}")
        return """
            name: \(pick("a scenario", "\"x\\ty\"", "\"- [odd]\"", "12"))
            workload: \(workload)
            model: \(pick("llama-3-8b", "qwen3-32b"))
            runtime: \(pick("ideal", "vllm-v1"))
            cost_model: \(pick("tables", "roofline"))
            seed: \(stream.index(below: 1_000_000))
            equal: \(pick("gpus", "cost", "none"))
            \(pick(
                "", "slo: {ttft: 0.123, tpot: 0.05, attainment: 0.99}", "run: 7",
                "slo: {ttft: 1, tpot: 0.05, classes: {\"a: b\": {tpot: 0.5}, 12: {ttft: 0.2, attainment: 0.5}, c: {}}}"))
            deployments:
            \(deployments)
            """
    }

    @Test("a resolved scenario that is written and read back is the same", arguments: 0..<200)
    func roundTrip(seed: Int) throws {
        let text = scenario(seed: seed)
        let resolution: ScenarioResolution
        do throws(InputError) { resolution = try Fixture.resolve(text) } catch {
            // Two deployments may have drawn the same name, or numbers of GPUs that cannot be made equal.
            #expect(
                error.diagnostics.allSatisfy {
                    $0.message.contains("found a second") || $0.message.contains("multiple")
                        || $0.message.contains("replicas")
                }, "\(error)\n\(text)")
            return
        }
        let written = resolution.scenario.yaml()
        let again = try Fixture.resolve(written)
        #expect(again.scenario == resolution.scenario, "\(written)")
        #expect(again.scenario.yaml() == written)
        #expect(again.remarks.isEmpty, "reading it back replicates nothing and warns of nothing: \(again.remarks)")
    }

    @Test("prices and model paths survive the round trip")
    func prices() throws {
        let model = Fixture.repository.appendingPathComponent("Profiles/models/qwen3-8b.json").path
        let scenario = try Fixture.resolve(
            Fixture.three, overrides: ["prices.h200-sxm=2.25", "model=\(model)"]
        ).scenario
        #expect(scenario.deployments[0].pricePerHour == 4.5 && scenario.model.id == "qwen3-8b")
        #expect(try Fixture.resolve(scenario.yaml()).scenario == scenario)
    }

    @Test("an override replaces, adds, appends and removes")
    func overrides() throws {
        let scenario = try Fixture.resolve(
            Fixture.three,
            overrides: [
                "deployments.2.partition=[60, 100]", "workload.rate=12", "slo.ttft=1", "slo.tpot=0.1",
                "deployments.3={policy: vllm-v1, name: more}", "deployments.0.parameters.max_num_seqs=5", "equal=none",
                "deployments.1.name=", "name=from the command line",
            ]
        ).scenario
        #expect(scenario.deployments[2].pools[0].partition?.prefill == 78)
        #expect(scenario.workload.requestsPerSecond == 12)
        #expect(scenario.slo?.timeToFirstToken == 1 && scenario.slo?.timePerOutputToken == 0.1)
        #expect(scenario.deployments.map(\.name) == ["unified", "distserve", "semi-pd", "more"])
        #expect(scenario.deployments[0].pools[0].arguments[1].value == 5)
        #expect(scenario.name == "from the command line")
    }

    @Test(
        "a wrong override is reported in its argument",
        arguments: [
            ("workload.rate", "--set workload.rate:1:1: error: found no \"KEY=VALUE\""),
            ("=5", "--set =5:1:1: error: found no \"KEY=VALUE\""),
            ("workload.rate=0", "--set workload.rate:1:15: error: rate: found \"0\", expected a number from"),
            ("workload.raet=5", "--set workload.raet:1:10: error: found the unknown key \"raet\" in the workload"),
            (
                "deployments.7.tp=1",
                "--set deployments.7.tp:1:13: error: found \"7\", expected the number of an item of the list, 0 to 3"
            ),
            ("deployments.last=1", "--set deployments.last:1:13: error: found \"last\", expected the number"),
            (
                "deployments.2.partition=[0, 100]",
                "--set deployments.2.partition:1:26: error: partition[0]: found \"0\""
            ),
            ("model.layers=5", "--set model.layers:1:7: error: found \"layers\" below a single value"),
            ("workload..rate=5", "--set workload..rate:1:10: error: found an empty name between the dots"),
            ("seed=[1", "--set seed:1:8: error: not YAML or JSON"),
            ("device=h100", "--set device:1:8: error: found the unknown device \"h100\""),
        ])
    func wrongOverride(argument: String, expected: String) {
        let problems = Fixture.problems(Fixture.three, overrides: [argument])
        #expect(problems.contains { $0.hasPrefix(expected) }, "\(problems)")
    }

    @Test("a scenario built from flags is the scenario of the file that says the same")
    func builder() throws {
        var builder = ScenarioBuilder()
        builder.trace = "t.csv"
        builder.rate = 8
        builder.model = "llama-3-8b"
        builder.device = "h200-sxm"
        builder.policies = ["vllm-v1", "distserve"]
        let built = try ScenarioResolution.resolve(try builder.scenario(), name: "s", in: Fixture.environment)
        let read = try Fixture.resolve(Fixture.scenario("  - policy: vllm-v1\n  - policy: distserve"))
        #expect(built.scenario == read.scenario)
    }

    @Test("a wrong flag is reported by its name, a missing one as the command line's")
    func wrongFlag() {
        var builder = ScenarioBuilder()
        builder.trace = "t.csv"
        builder.rate = -1
        builder.device = "h200-sxm"
        builder.policies = ["vllm-v1", "distsrve"]
        do throws(InputError) {
            _ = try ScenarioResolution.resolve(try builder.scenario(), name: "s", in: Fixture.environment)
            Issue.record("no error")
        } catch {
            let problems = error.diagnostics.map(\.description)
            #expect(problems.count == 3, "\(problems)")
            for expected in [
                "--rate:1:1: error: rate: found \"-1\"", "command line:1:1: error: the scenario has no \"model\"",
                "--policies:1:9: error: policy: found \"distsrve\"",
            ] {
                #expect(problems.contains { $0.hasPrefix(expected) }, "\(problems)")
            }
        }
    }
}
