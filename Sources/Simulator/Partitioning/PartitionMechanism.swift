public import CostModels
internal import EventKernel

/// How a GPU's SMs are divided between two phases: which partitions there are, and what it takes to change one.
public enum PartitionMechanism: Hashable, Sendable {
    /// CUDA MPS active-thread percentages of two processes: caps in steps of a percent, rounded down to an even number of
    /// SMs, which may overlap. A process cannot change its own, so a change is a new process.
    case mps
    /// Green contexts of one process: an ask is rounded up to a multiple of `step`, and what is left of the device is a
    /// partition too, whatever its size. Two capped phases are disjoint; a phase without a cap runs in the primary
    /// context, on every SM. A change is a launch on a stream of another context made beforehand.
    case greenContexts(minimum: Int, step: Int)
    /// Two streams of one context, both on every SM: the hardware's block scheduler decides.
    case streams

    /// Green contexts on compute capability 9.0 and later (CUDA driver API).
    public static let hopperGreenContexts = greenContexts(minimum: 8, step: 8)
    /// The same with `CU_DEV_SM_RESOURCE_SPLIT_IGNORE_SM_COSCHEDULING`: finer, but kernels that launch clusters of thread
    /// blocks may find no room for one.
    public static let hopperGreenContextsWithoutCoscheduling = greenContexts(minimum: 2, step: 2)
    /// Green contexts on compute capability 8.x.
    public static let ampereGreenContexts = greenContexts(minimum: 4, step: 2)

    /// What a change of partition costs unless a scenario says otherwise.
    ///
    /// MPS: preparing a process takes seconds and nobody has published how many (the semi-PD paper gives no figure), so
    /// 10 s is an assumption. Green contexts: one takes 0.8 to 1.3 ms to make on an H200, but all are made at start-up,
    /// and launches that alternate between two of them cost what launches on one cost.
    public var switchCost: PartitionSwitchCost {
        switch self {
        case .mps: .asynchronous(preparation: SimulationDuration(nanoseconds: 10_000_000_000))
        case .greenContexts, .streams: .asynchronous(preparation: .zero)
        }
    }

    /// The admissible partition for percentages of `total` SMs: both in (0, 100], and they may sum to more than 100.
    ///
    /// Green contexts cannot overlap. Where both percentages are below 100 and sum to more, their normalised shares
    /// x/(x + y) and y/(x + y) are taken instead; prefill asks first and decode gets what it asks of the rest.
    public func partition(prefillPercent x: Double, decodePercent y: Double, of total: Int) -> SMPartition {
        precondition(x > 0 && x <= 100 && y > 0 && y <= 100, "(\(x), \(y)) are not percentages of SMs")
        switch self {
        case .streams:
            return .unpartitioned(total)
        case .mps:
            return .percent(prefill: x, decode: y, of: total)
        case .greenContexts:
            func granted(_ percent: Double) -> Int { grant(Int((percent / 100 * Double(total)).rounded()), of: total) }
            if x >= 100 || y >= 100 {
                return SMPartition(
                    prefill: x >= 100 ? total : granted(x), decode: y >= 100 ? total : granted(y), total: total)
            }
            let scale = max(1, (x + y) / 100)
            let prefill = granted(x / scale)
            return SMPartition(prefill: prefill, decode: min(granted(y / scale), total - prefill), total: total)
        }
    }

    /// SMs that a phase gets when it asks for `count` and no other phase has asked before.
    public func grant(_ count: Int, of total: Int) -> Int {
        precondition((1...total).contains(count), "\(count) of \(total) SMs")
        switch self {
        case .streams: return total
        case .mps: return count == total ? total : max(2, count / 2 * 2)
        case .greenContexts(let minimum, let step):
            let largest = (total - 1) / step * step
            return min(largest, max(minimum, (count + step - 1) / step * step))
        }
    }

    public func admits(_ partition: SMPartition) -> Bool {
        let (x, y, total) = (partition.prefill, partition.decode, partition.total)
        if partition.isUnpartitioned { return true }
        switch self {
        case .streams:
            return false
        case .mps:
            return [x, y].allSatisfy { $0 == total || $0 % 2 == 0 }
        case .greenContexts:
            func isGranted(_ sms: Int) -> Bool { sms == total || sms == grant(sms, of: total) }
            if x == total || y == total { return isGranted(x) && isGranted(y) }
            let remainderOfGranted = x + y == total && (isGranted(x) || isGranted(y))
            return x + y <= total && (remainderOfGranted || isGranted(x) && isGranted(y))
        }
    }

    /// Partitions worth comparing, by SMs of prefill and then of decode: every division of the whole device, each cap
    /// beside an uncapped phase, and none. With MPS, where any pair of caps is possible, those in steps of ten percent.
    public func candidates(of total: Int) -> [SMPartition] {
        var found: [SMPartition] = []
        switch self {
        case .streams:
            break
        case .mps:
            for x in stride(from: 10.0, through: 100, by: 10) {
                for y in stride(from: 10.0, through: 100, by: 10) {
                    found.append(.percent(prefill: x, decode: y, of: total))
                }
            }
        case .greenContexts(let minimum, let step):
            for cap in stride(from: minimum, to: total, by: step) {
                for (x, y) in [(cap, total - cap), (total - cap, cap), (cap, total), (total, cap)] {
                    found.append(SMPartition(prefill: x, decode: y, total: total))
                }
            }
        }
        found.append(.unpartitioned(total))
        found.sort { ($0.prefill, $0.decode) < ($1.prefill, $1.decode) }
        var distinct: [SMPartition] = []
        for partition in found where distinct.last != partition { distinct.append(partition) }
        return distinct
    }
}
