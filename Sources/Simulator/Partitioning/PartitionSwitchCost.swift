public import EventKernel

/// What it costs to go from one partition to another.
public enum PartitionSwitchCost: Hashable, Sendable {
    /// Resident process, delayed and asynchronous switching (semi-PD, section 4.3): the new partition is prepared while
    /// both phases go on under the old one; then each phase changes over at its own iteration boundary, where it stands
    /// still for its stall.
    case asynchronous(
        preparation: SimulationDuration, prefillStall: SimulationDuration = .zero,
        decodeStall: SimulationDuration = .zero)
    /// What semi-PD's three measures avoid: both phases stop at their next iteration boundaries, the first waits for
    /// the second, and then everything is loaded anew.
    case restart(NaiveRestart)

    /// Between a decision and the new partition, with the old one in force.
    public var preparation: SimulationDuration {
        switch self {
        case .asynchronous(let preparation, _, _): preparation
        case .restart: .zero
        }
    }
}

/// The time for which a naive restart serves nobody once both phases have stopped (semi-PD, section 4.3 and Fig. 6):
/// weights are loaded into the new prefill worker, the KV cache is copied to the new decode worker, and the engine is
/// initialised, one after the other. Sizes and rates are those of one GPU; all GPUs of an instance restart together.
public struct NaiveRestart: Hashable, Sendable {
    public var weightBytes: Int
    /// Of the storage that weights come from.
    public var loadBytesPerSecond: Double
    /// Of a copy of KV cache from the old worker to the new one.
    public var copyBytesPerSecond: Double
    /// More than nothing: a phase that has been told to wait for the other is not told of a restart that is over at once.
    public var initialisation: SimulationDuration

    public init(
        weightBytes: Int, loadBytesPerSecond: Double, copyBytesPerSecond: Double, initialisation: SimulationDuration
    ) {
        precondition(
            weightBytes >= 0 && loadBytesPerSecond > 0 && copyBytesPerSecond > 0 && initialisation > .zero,
            "restart of \(initialisation) with \(weightBytes) bytes at \(loadBytesPerSecond) and copies at \(copyBytesPerSecond) bytes/s"
        )
        self.weightBytes = weightBytes
        self.loadBytesPerSecond = loadBytesPerSecond
        self.copyBytesPerSecond = copyBytesPerSecond
        self.initialisation = initialisation
    }

    public func duration(keyValueBytes: Int) -> SimulationDuration {
        let loading = Double(weightBytes) / loadBytesPerSecond
        let copying = Double(keyValueBytes) / copyBytesPerSecond
        return SimulationDuration(rounding: loading + copying) + initialisation
    }
}
