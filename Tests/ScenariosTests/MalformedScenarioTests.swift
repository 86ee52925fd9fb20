import Scenarios
import Testing

@Suite("malformed scenarios")
struct MalformedScenarioTests {
    /// One deployment, on line 5, in flow style.
    private static func one(_ deployment: String) -> String { Fixture.scenario("  - {\(deployment)}") }

    private static func pools(_ pools: String) -> String { one("name: x, pools: [\(pools)]") }

    private static let head = "model: llama-3-8b\ndevice: h200-sxm\ndeployments: [{policy: vllm-v1}]\n"

    private static func with(_ rest: String) -> String { head + rest }

    private static let malformedDeployments: [(String, String)] = [
        (
            one("polcy: vllm-v1"),
            "s.yaml:5:6: error: found the unknown key \"polcy\" in a deployment\n    help: did you mean \"policy\"?"
        ),
        (
            one("tp: 1"), "s.yaml:5:5: error: a deployment has no \"policy\", expected one of vllm-v1, vllm-0.6,"
        ),
        (
            one("policy: vllm-v2"),
            "s.yaml:5:14: error: policy: found \"vllm-v2\", expected a policy: \(PolicyCatalog.ids.joined(separator: ", "))\n    help: did you mean \"vllm-v1\"?"
        ),
        (
            one("policy: vllm-v1, instances: 0"),
            "s.yaml:5:34: error: instances: found \"0\", expected a whole number from 1"
        ),
        (
            one("policy: vllm-v1, tp: 3"),
            "s.yaml:5:27: error: tp: found 3, expected a divisor of the 32 attention heads of llama-3-8b"
        ),
        (one("policy: vllm-v1, tp: 0"), "s.yaml:5:27: error: tp: found \"0\""),
        (
            one("policy: vllm-v1, partition: [50, 50]"),
            "s.yaml:5:23: error: found the unknown key \"partition\" in a deployment"
        ),
        (
            one("policy: vllm-v1, prefill_instances: 1"),
            "s.yaml:5:23: error: found the unknown key \"prefill_instances\""
        ),
        (
            one("policy: semi-pd, partition: [0, 50]"),
            "s.yaml:5:35: error: partition[0]: found \"0\", expected a number from 1 to 100"
        ),
        (one("policy: semi-pd, partition: [50, 101]"), "s.yaml:5:39: error: partition[1]: found \"101\""),
        (
            one("policy: semi-pd, partition: 50"),
            "s.yaml:5:34: error: partition: found \"50\", expected a list of 2 values"
        ),
        (
            one("policy: semi-pd, partition_sms: [64, 133]"),
            "s.yaml:5:43: error: partition_sms[1]: found \"133\", expected a whole number from 1 to 132"
        ),
        (
            one("policy: semi-pd, controller: modl"),
            "s.yaml:5:35: error: controller: found \"modl\", expected a controller: static, paper, code, model\n    help: did you mean \"model\"?"
        ),
        (
            one("policy: semi-pd, controller: code, controller_parameters: {step_size: 0}"),
            "s.yaml:5:76: error: step_size: found \"0\", expected a whole number from 1 to 100"
        ),
        (
            one("policy: semi-pd, controller: model, controller_parameters: {step_size: 2}"),
            "s.yaml:5:66: error: found the unknown key \"step_size\" in the parameters of the controller model"
        ),
        (
            one("policy: semi-pd, controller_parameters: {step_size: 2}"),
            "s.yaml:5:46: error: controller_parameters: found without a controller that changes the partition, expected"
        ),
        (
            one("policy: semi-pd, controller: code, partition: [80.5, 100]"),
            "s.yaml:5:53: error: partition: found 80.5 with a controller, expected a whole percentage"
        ),
        (
            one("policy: semi-pd, controller: code, partition_sms: [64, 64]"),
            "s.yaml:5:56: error: partition_sms: found with the controller code, which counts in percent, expected"
        ),
        (
            one("policy: semi-pd, controller: code, partition_change: {kind: restart, copy_bandwidth: 1e9}"),
            "s.yaml:5:59: error: a change of partition has no \"load_bandwidth\", expected a number from 1000 to 1e18"
        ),
        (
            one("policy: semi-pd, controller: code, partition_change: {preparation: -1}"),
            "s.yaml:5:73: error: preparation: found \"-1\", expected a number from 0 to 86400"
        ),
        (
            one("policy: semi-pd, mechanism: mig"),
            "s.yaml:5:34: error: mechanism: found \"mig\", expected a mechanism: mps, green-contexts, green-contexts-fine"
        ),
        (
            one("policy: semi-pd, partition: [1, 1], partition_sms: [8, 8]"),
            "s.yaml:5:57: error: found both \"partition\" and \"partition_sms\""
        ),
        (one("policy: vllm-v1, device: h300-sxm"), "s.yaml:5:31: error: found the unknown device \"h300-sxm\""),
        (
            one("policy: vllm-v1, router: random"),
            "s.yaml:5:31: error: router: found \"random\", expected a router: round-robin, least-outstanding, least-prompt-tokens, least-kv"
        ),
        (
            one("policy: vllm-v1, link: {bandwidth: 1}"),
            "s.yaml:5:29: error: link: found in a deployment without a prefill pool"
        ),
        (
            one("policy: distserve, link: {bandwidth: 0}"),
            "s.yaml:5:43: error: bandwidth: found \"0\", expected a number from 1000 to 1e18"
        ),
        (
            one("policy: distserve, link: {bandwidth: 1e9, pauses_decode: yes}"),
            "s.yaml:5:63: error: pauses_decode: found \"yes\", expected true or false"
        ),
        (
            one("policy: distserve, mixed_pool_memory: 0.5"),
            "s.yaml:5:44: error: mixed_pool_memory: found with prefill pools of other policies than splitwise"
        ),
        (one("policy: distserve, link: {latency: 1}"), "s.yaml:5:31: error: a link has no \"bandwidth\""),
        (
            one("policy: vllm-v1, kv_blocks: 5, memory_utilization: 0.5"),
            "s.yaml:5:57: error: found both \"kv_blocks\" and \"memory_utilization\""
        ),
        (
            one("policy: vllm-v1, memory_utilization: 1.5"),
            "s.yaml:5:43: error: memory_utilization: found \"1.5\", expected a number from 0.01 to 1"
        ),
        (
            one("policy: vllm-v1, parameters: {max_num_seq: 5}"),
            "s.yaml:5:36: error: found the unknown key \"max_num_seq\" in the parameters of vllm-v1\n    help: did you mean \"max_num_seqs\"?"
        ),
        (
            one("policy: vllm-v1, parameters: {max_num_seqs: 600, max_num_batched_tokens: 512}"),
            "s.yaml:5:79: error: found max_num_batched_tokens 512 below max_num_seqs 600"
        ),
        (
            one("policy: vllm-v1, parameters: {max_num_seqs: 9000}"),
            "s.yaml:5:50: error: found max_num_batched_tokens 8192 (the default) below max_num_seqs 9000"
        ),
        (
            one("policy: distserve, parameters: {max_num_seqs: 5}"),
            "s.yaml:5:38: error: found the unknown key \"max_num_seqs\" in the parameters of distserve\n    help: known keys: prefill, decode"
        ),
        (one("policy: vllm-v1, pools: []"), "s.yaml:5:6: error: found both \"policy\" and \"pools\""),
        (one("name: x, pools: []"), "s.yaml:5:22: error: pools: expected a list of at least one pool"),
        (one("pools: [{role: unified, policy: vllm-v1}]"), "s.yaml:5:5: error: a deployment has no \"name\""),
        (
            pools("{role: prefill, policy: distserve}"),
            "s.yaml:5:22: error: found a prefill pool without a decode pool"
        ),
        (
            pools("{role: decode, policy: distserve}"),
            "s.yaml:5:22: error: found a decode pool without a prefill pool"
        ),
        (
            pools("{role: unified, policy: distserve}"),
            "s.yaml:5:47: error: policy: found \"distserve\", expected a policy for the role unified: vllm-v1"
        ),
        (
            pools("{policy: vllm-v1}"),
            "s.yaml:5:23: error: a pool has no \"role\", expected a role: unified, prefill, decode, semi-pd"
        ),
        (
            pools("{role: unified, policy: vllm-v1, controller: code}"),
            "s.yaml:5:68: error: controller: found in a pool with the role unified, expected only with the role semi-pd"
        ),
        (
            pools("{role: unified, policy: vllm-v1, partition: [50, 50]}"),
            "s.yaml:5:67: error: partition: found in a pool with the role unified, expected only with the role semi-pd"
        ),
        (
            pools("{role: unified, policy: vllm-v1}, {role: unified, policy: vllm-v1}"),
            "s.yaml:5:57: error: found a second pool \"unified\""
        ),
        (
            Fixture.scenario("  - policy: vllm-v1\n  - policy: vllm-v1"),
            "s.yaml:6:5: error: found a second deployment \"vllm-v1\", expected another name"
        ),
    ]

    @Test("a malformed deployment is reported at its place", arguments: malformedDeployments)
    func deployments(text: String, expected: String) {
        let problems = Fixture.problems(text)
        #expect(problems.contains { $0.contains(expected) }, "\(problems)")
    }

    private static let malformedScenarios: [(String, String)] = [
        (head, "s.yaml:1:1: error: the scenario has no \"workload\", expected a mapping"),
        (with("workload: {}"), "s.yaml:4:11: error: the workload has no \"trace\", expected the path"),
        (
            with("workload: {trace: a, generate: azure-conv, requests: 5}"),
            "s.yaml:4:22: error: found both \"trace\" and \"generate\""
        ),
        (with("workload: {generate: azure-conv}"), "s.yaml:4:11: error: the workload has no \"requests\""),
        (
            with("workload: {generate: azure-con, requests: 5}"),
            "s.yaml:4:22: error: generate: found \"azure-con\", expected a workload: azure-conv, sharegpt-paper\n    help: did you mean \"azure-conv\"?"
        ),
        (
            with("workload: {generate: azure-conv, requests: 5, format: csv}"),
            "s.yaml:4:47: error: found \"format\" in a workload without \"trace\""
        ),
        (
            with("workload: {trace: a, rate: 0}"),
            "s.yaml:4:28: error: rate: found \"0\", expected a number from 1e-06 to 1e6"
        ),
        (
            with("workload: {trace: a, from: 5, to: 4}"),
            "s.yaml:4:35: error: to: found 4, expected more than from"
        ),
        (
            with("workload: {trace: a, min_prompt: 9, max_prompt: 8}"),
            "s.yaml:4:49: error: max_prompt: found 8, expected at least min_prompt, 9"
        ),
        (with("workload: {trace: a, sample: 2}"), "s.yaml:4:30: error: sample: found \"2\", expected a number from"),
        (
            with("workload: {trace: a, rate: 5, closed_loop: {users: 3}}"),
            "s.yaml:4:22: error: found \"rate\" beside \"closed_loop\", expected one of them"
        ),
        (with("workload: {trace: a, closed_loop: {users: 0}}"), "s.yaml:4:43: error: users: found \"0\""),
        (with("workload: {trace: a, rate: -3}"), "s.yaml:4:28: error: rate: found \"-3\""),
        (with("workload: {trace: a, requests: 0}"), "s.yaml:4:32: error: requests: found \"0\""),
        (
            with("workload: {trace: a, format: xml}"),
            "s.yaml:4:30: error: format: found \"xml\", expected a trace format: csv, azure-2023"
        ),
        (
            with("workload: trace.csv"),
            "s.yaml:4:11: error: found \"trace.csv\", expected the workload as a mapping"
        ),
        (with("workload: {trace: a}\nslo: {ttft: 0.5}"), "s.yaml:5:6: error: the SLO has no \"tpot\""),
        (
            with("workload: {trace: a}\nslo: {ttft: 0.5, tpot: 0.1, attainment: 90}"),
            "s.yaml:5:41: error: attainment: found \"90\", expected a number from 0.01 to 1"
        ),
        (
            with("workload: {trace: a}\nslo: {ttft: 0.5, tpot: 0.1, classes: [chat]}"),
            "s.yaml:5:38: error: classes: expected a mapping of classes to their limits, as in {chat: {ttft: 0.2}"
        ),
        (
            with("workload: {trace: a}\nslo: {ttft: 0.5, tpot: 0.1, classes: {chat: {tttf: 1}}}"),
            "s.yaml:5:46: error: found the unknown key \"tttf\" in the SLO of a class\n    help: known keys: ttft, tpot, attainment"
        ),
        (
            with("workload: {trace: a}\nslo: {ttft: 0.5, tpot: 0.1, classes: {chat: 0.5}}"),
            "s.yaml:5:45: error: found \"0.5\", expected the SLO of a class as a mapping"
        ),
        (with("workload: {trace: a}\nseed: -1"), "s.yaml:5:7: error: seed: found \"-1\""),
        (
            with("workload: {trace: a}\nequal: gpu"),
            "s.yaml:5:8: error: equal: found \"gpu\", expected what is held equal: gpus, cost, none\n    help: did you mean \"gpus\"?"
        ),
        (
            with("workload: {trace: a}\nruntime: fast"),
            "s.yaml:5:10: error: runtime: found \"fast\", expected a runtime profile: ideal, vllm-v1"
        ),
        (
            with("workload: {trace: a}\nprices: {b200-sxm: 3}"),
            "s.yaml:5:10: error: found the unknown key \"b200-sxm\" in the prices of the scenario's devices"
        ),
        (
            with("workload: {trace: a}\nworkloads: 1"),
            "s.yaml:5:1: error: found the unknown key \"workloads\" in the scenario\n    help: did you mean \"workload\"?"
        ),
        (
            "workload: {trace: a}\ndevice: h200-sxm\ndeployments: [{policy: vllm-v1}]",
            "s.yaml:1:1: error: the scenario has no \"model\""
        ),
        (
            "workload: {trace: a}\nmodel: mixtral-8x7b\ndevice: h200-sxm\ndeployments: [{policy: vllm-v1}]",
            "s.yaml:2:8: error: model: found \"mixtral-8x7b\" with a mixture of experts, which cannot be simulated yet"
        ),
        (
            "workload: {trace: a}\nmodel: deepseek-v3\ndevice: h200-sxm\ndeployments: [{policy: vllm-v1}]",
            "s.yaml:2:8: error: model: found \"deepseek-v3\" with latent attention (MLA), which cannot be simulated yet"
        ),
        (
            "workload: {trace: a}\nmodel: lama-3-8b\ndevice: h200-sxm\ndeployments: [{policy: vllm-v1}]",
            "help: did you mean \"llama-3-8b\"?"
        ),
        (
            "workload: {trace: a}\nmodel: no/such.json\ndevice: h200-sxm\ndeployments: [{policy: vllm-v1}]",
            "s.yaml:2:8: error: found no file \"no/such.json\""
        ),
        (
            "workload: {trace: a}\nmodel: llama-3-8b\ndeployments: [{policy: vllm-v1}]",
            "s.yaml:3:15: error: a deployment has no \"device\", expected a device here or for the whole scenario"
        ),
        (
            "workload: {trace: a}\nmodel: llama-3-8b\ndevice: h200-sxm",
            "s.yaml:1:1: error: the scenario has no \"deployments\""
        ),
        (
            "workload: {trace: a}\nmodel: llama-3-8b\ndevice: h200-sxm\ndeployments: []",
            "s.yaml:4:14: error: deployments: expected a list of at least one deployment"
        ),
    ]

    @Test("a malformed scenario is reported at its place", arguments: malformedScenarios)
    func scenarios(text: String, expected: String) {
        let problems = Fixture.problems(text)
        #expect(problems.contains { $0.contains(expected) }, "\(problems)")
    }

    @Test("each of the malformed deployments has one problem, except where two keys disagree")
    func single() {
        #expect(Fixture.problems(Self.one("policy: vllm-v2, instances: 5")).count == 1)
        #expect(
            Fixture.problems(Self.one("policy: vllm-v1, device: h300-sxm, parameters: {max_num_seqs: 1}")).count == 1)
    }

    @Test("a bad device of many deployments is reported once")
    func once() {
        let text = Fixture.three.replacing("device: h200-sxm", with: "device: h300-sxm")
        #expect(Fixture.problems(text).count == 1)
    }

    @Test("GPU counts without a small common multiple are refused")
    func multiple() {
        let text = Fixture.scenario(
            """
              - {name: a, policy: vllm-v1, instances: 97}
              - {name: b, policy: vllm-v1, instances: 89}
            """)
        #expect(
            Fixture.problems(text).first?.contains(
                "s.yaml:5:5: error: found deployments on different numbers of GPUs (a 97, b 89)") == true)
    }

    @Test("texts cut off anywhere or with a byte changed never crash", arguments: 0..<20)
    func mutations(seed: Int) {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        func draw(below bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        let bytes = Array(Fixture.three.utf8)
        for _ in 0..<100 {
            var mutated = bytes
            for _ in 0...draw(below: 3) { mutated[draw(below: bytes.count)] = UInt8(draw(below: 128)) }
            if draw(below: 4) == 0 { mutated.removeLast(draw(below: bytes.count)) }
            for problem in Fixture.problems(String(decoding: mutated, as: UTF8.self)) {
                #expect(problem.hasPrefix("s.yaml:"), "\(problem)")
            }
        }
    }
}
