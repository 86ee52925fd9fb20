import CostModels
import EventKernel
import Foundation
import Profiles

/// The tables that the repository ships, and cost models of them.
enum TableFixture {
    static let folder = Fixture.path("Profiles/kernels/h200-sxm")
    static let tables = try! KernelTables.read(folder: folder, device: "h200-sxm")

    static func model(
        _ model: ModelArchitecture = Fixture.llama8B, tables: KernelTables = tables, runtime: RuntimeProfile = .ideal,
        tensorParallelism: Int = 1, state: PowerState = .burst, maxSequences: Int = 300
    ) throws -> TableCostModel {
        try TableCostModel(
            model: model, device: Fixture.h200, tables: tables, efficiency: try Fixture.efficiency("h200-sxm"),
            runtime: runtime, tensorParallelism: tensorParallelism, maxSequences: maxSequences, state: state)
    }
}
