import CostModels
import Profiles
import Workloads

// Prices of measured kernels, which `phasewise simulate` takes by default. There is no bar for them: what is watched is how
// many instructions they take.

extension Benchmark {
    static var watched: [Benchmark] {
        [byTables("tables-unified", .unified), byTables("tables-semi-pd", .semiPD)]
    }

    /// Llama-3-8B on an H200 at 8 requests/s, with the profiles of the working directory.
    private static func byTables(_ name: String, _ way: ServingWay) -> Benchmark {
        Benchmark(name: name, size: 200_000, bar: .perSecond(1, unit: "requests")) { size in
            let trace = conversation(size, rate: 8)
            let configuration = way.configuration(costs: try tableCosts())
            return { try simulate(configuration, trace.source, summary(of: size)) }
        }
    }

    private static func tableCosts() throws -> ServingWay.Costs {
        let catalog = ProfileCatalog(roots: ["Profiles"])
        let (model, device) = (try catalog.model("llama-3-8b").value, try catalog.device("h200-sxm").value)
        let efficiency = "Profiles/efficiency/\(device.id).yaml"
        let costs = try TableCostModel(
            model: model, device: device,
            tables: try KernelTables.read(folder: "Profiles/kernels/\(device.id)", device: device.id),
            efficiency: try EfficiencyProfile(
                yaml: try InputText.read(efficiency), id: device.id, file: efficiency),
            runtime: .ideal)
        return (costs, device.streamingMultiprocessors)
    }
}
