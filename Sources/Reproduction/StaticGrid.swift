internal import CostModels
internal import Simulator

/// Static partitions among which the best is looked for: percentages of the SMs for prefill and decode.
enum StaticGrid {
    struct Percentages: Hashable {
        var prefill: Int
        var decode: Int

        var partition: SMPartition {
            .percent(
                prefill: Double(prefill), decode: Double(decode), of: Llama8BOnA100.streamingMultiprocessors)
        }
    }

    /// Every pair of tens from 40 to 100 % in which one phase has all, and hard splits.
    static let percentages: [Percentages] = {
        var found: [Percentages] = []
        for x in stride(from: 40, through: 100, by: 10) { found.append(Percentages(prefill: x, decode: 100)) }
        for y in stride(from: 40, through: 90, by: 10) { found.append(Percentages(prefill: 100, decode: y)) }
        for x in stride(from: 20, through: 80, by: 10) { found.append(Percentages(prefill: x, decode: 100 - x)) }
        return found
    }()
}
