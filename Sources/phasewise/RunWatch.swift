internal import Diagnostics
internal import EventKernel
internal import Metrics

/// Passes records on and remembers which requests were rejected, the first few by name, all by number; and the changes of
/// partition, which reports show whether they are stored or not.
struct RunWatch<Base: Recorder>: Recorder {
    var base: Base
    private var first: [RequestRecord] = []
    private var count = 0
    private(set) var partitionChanges: [PartitionChangeRecord] = []

    private static var namedAtMost: Int { 5 }

    init(_ base: Base) { self.base = base }

    /// The warning about them, if there are any. Requests are named as the column `request` of the results has them.
    func warning(deployment: String) -> Diagnostic? {
        guard count > 0 else { return nil }
        let names = first.map { "request \($0.request) (\($0.promptTokens) in, \($0.outputTokens) out)" }
        let others = count > first.count ? " and \(count - first.count) more" : ""
        return Diagnostic(
            .warning, at: nil,
            "\(deployment): rejected \(count == 1 ? "1 request" : "\(count) requests") that can never fit into the KV"
                + " memory of an instance: \(names.joined(separator: ", "))\(others)")
    }

    mutating func record(_ request: RequestRecord) {
        if request.outcome == .rejected {
            if first.count < Self.namedAtMost { first.append(request) }
            count += 1
        }
        base.record(request)
    }

    var recordsIterations: Bool { false }
    var tokenGaps: TokenGapRecording { base.tokenGaps }
    mutating func recordTokenGaps(_ gap: SimulationDuration, count: Int) { base.recordTokenGaps(gap, count: count) }
    mutating func recordTokenGaps(_ gaps: LatencyHistogram) { base.recordTokenGaps(gaps) }
    mutating func record(_ interval: IntervalRecord) { base.record(interval) }
    mutating func record(_ change: PartitionChangeRecord) {
        partitionChanges.append(change)
        base.record(change)
    }
    mutating func record(_ transfer: TransferRecord) { base.record(transfer) }
}
