import CostModels
import Profiles

/// The surface that is in the repository.
enum MeasuredCoRuns {
    static let h200: CoRunSurface = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        do {
            let tables = try KernelTables.read(folder: "\(root)/Profiles/kernels/h200-sxm", device: "h200-sxm")
            guard let surface = tables.coRun else { preconditionFailure("no co-runs in the kernel tables") }
            return surface
        } catch { preconditionFailure("\(error)") }
    }()
}
