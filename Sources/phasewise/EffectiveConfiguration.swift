internal import CostModels
internal import EventKernel
internal import Metrics
internal import Scenarios
internal import Simulator
internal import Workloads

/// What a run is about to simulate, in a few lines, with nothing left open. The whole scenario is stored with the run.
struct EffectiveConfiguration {
    let scenario: ResolvedScenario
    let configurations: [SimulationConfiguration]
    let trace: Trace

    var lines: [String] {
        [workload, model] + zip(scenario.deployments, configurations).flatMap { lines(of: $0, $1) }
    }

    private var workload: String {
        let count = trace.requests.count
        let rate = trace.rate > 0 ? " at \(decimal(trace.rate, 3)) requests/s" : ", all at once"
        return
            "workload: \(count == 1 ? "1 request" : "\(count) requests")\(rate), arrivals \(scenario.workload.arrivals.text);"
            + " \(trace.provenance.source); seed \(scenario.seed), run \(scenario.run)"
    }

    private var model: String {
        let slo = scenario.slo.map { slo in
            let classes = slo.classes.map { "; \($0.name): " + words(slo.limits(ofClass: $0.name)) }
            return words(slo) + classes.joined()
        }
        return "model: \(scenario.model.id), runtime \(scenario.runtime), SLO \(slo ?? "none")"
    }

    private func words(_ slo: SLO) -> String {
        "TTFT \(brief(slo.timeToFirstToken)) s and TPOT \(brief(slo.timePerOutputToken)) s"
            + " for \(brief(slo.attainmentTarget * 100)) %"
    }

    private func lines(of deployment: ResolvedDeployment, _ configuration: SimulationConfiguration) -> [String] {
        let gpus = deployment.gpus == 1 ? "1 GPU" : "\(deployment.gpus) GPUs"
        let link = deployment.link.map { ", link \(brief($0.bytesPerSecond / 1e9)) GB/s" } ?? ""
        let head =
            "\(deployment.name): \(gpus), $\(decimal(deployment.pricePerHour, 2))/h, \(deployment.router.rawValue)\(link)"
        return [head] + zip(deployment.pools, configuration.pools).map { "  " + line(of: $0, $1) }
    }

    private func line(of pool: ResolvedPool, _ configuration: PoolConfiguration) -> String {
        let name = pool.name == pool.role.rawValue ? pool.name : "\(pool.name) (\(pool.role.rawValue))"
        let degree =
            (pool.tensorParallelism == 1 ? "" : " TP \(pool.tensorParallelism)")
            + (pool.pipelineParallelism == 1 ? "" : " PP \(pool.pipelineParallelism)")
        let arguments = pool.arguments.map { "\($0.name) \($0.value)" }
        let partition = pool.partition.map { ["partition \($0)"] } ?? []
        let control = pool.partitionControl.map { control in
            ["controller \(control.controller) by \(control.mechanism.rawValue)"]
                + control.arguments.map { "\($0.name) \($0.value)" }
        }
        let facts = ["\(configuration.memory.totalBlocks) KV blocks"] + partition + (control ?? []) + arguments
        return
            "\(name): \(pool.instances) x \(pool.device.id)\(degree), \(pool.policy), \(facts.joined(separator: ", "))"
    }
}

/// Without decimals where there are none to show.
private func brief(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
