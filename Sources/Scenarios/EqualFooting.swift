internal import CostModels
internal import Diagnostics

/// More GPUs than this for the sake of equality is a scenario that was not meant.
private let maximumGPUs = 4096

extension [ResolvedDeployment] {
    /// Puts the scenario's own prices in the place of the profiles'.
    mutating func charge(_ prices: [DevicePrice]) {
        for deployment in indices {
            for pool in self[deployment].pools.indices {
                let id = self[deployment].pools[pool].device.id
                guard let price = prices.first(where: { $0.device == id }) else { continue }
                self[deployment].pools[pool].device.pricePerHour = price.pricePerHour
            }
        }
    }

    /// Replicates the deployments until they are on equal footing, and says so. Replicating again changes nothing.
    mutating func replicate(for footing: EqualFooting, places: [SourceLocation]) throws(InputError) -> [Diagnostic] {
        let factors: [Int]
        switch footing {
        case .none: return []
        case .gpus:
            guard let target = leastCommonMultiple(map(\.gpus)) else {
                let counts = map { "\($0.name) \($0.gpus)" }.joined(separator: ", ")
                throw InputError(
                    at: places.first,
                    "found deployments on different numbers of GPUs (\(counts)) that have no common"
                        + " multiple up to \(maximumGPUs), expected numbers that can be made equal",
                    help: "set \"equal: none\" to compare them as they stand")
            }
            factors = map { target / $0.gpus }
        case .cost:
            let dearest = map(\.pricePerHour).max() ?? 0
            factors = map { deployment in
                guard deployment.pricePerHour > 0 else { return 1 }
                // A rounding error must not cost a replica that is paid for.
                return Int(Swift.min(dearest / deployment.pricePerHour * (1 + 1e-9), Double(maximumGPUs + 1)))
            }
        }
        var notes: [Diagnostic] = []
        for (index, factor) in factors.enumerated() where factor > 1 {
            guard self[index].gpus <= maximumGPUs / factor else {
                throw InputError(
                    at: places[index],
                    "deployment \"\(self[index].name)\" would need \(factor) replicas, expected at most \(maximumGPUs) GPUs",
                    help: "set \"equal: none\" to compare the deployments as they stand")
            }
            for pool in self[index].pools.indices { self[index].pools[pool].instances *= factor }
            let what = footing == .gpus ? "as many GPUs as the others" : "what the dearest costs"
            notes.append(
                Diagnostic(
                    .note, at: places[index],
                    "deployment \"\(self[index].name)\" runs \(factor) times, on \(self[index].gpus) GPUs, to use \(what)"
                ))
        }
        return notes
    }
}

/// `nil` if it is above `maximumGPUs`.
private func leastCommonMultiple(_ numbers: [Int]) -> Int? {
    var multiple = 1
    for number in numbers {
        var (a, b) = (multiple, number)
        while b != 0 { (a, b) = (b, a % b) }
        multiple = multiple / a * number
        if multiple > maximumGPUs { return nil }
    }
    return multiple
}
