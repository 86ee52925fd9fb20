internal import EventKernel
internal import Metrics

/// Completed requests as spans on tracks: no two requests of a track overlap, and the parts of each lie inside it.
struct RequestTracks: Sendable {
    struct Span: Sendable {
        var name: String
        /// "request" or, of a part of one, "part".
        var category: String
        var track: Int
        var start: SimulationTime
        var end: SimulationTime
        var arguments: [(String, Int64)] = []
    }

    /// When the last request of each track ended, in order of time.
    private var ends: [(time: SimulationTime, track: Int)] = []
    /// The last transfer of each request that has not ended yet.
    private var transfers: [Int: TransferRecord] = [:]

    mutating func note(_ transfer: TransferRecord) { transfers[transfer.request] = transfer }

    /// The span of a request and, after it, those of its parts, which fill it without gaps; `nil` for one that was not
    /// completed. To be asked in order of completion: of the tracks that are free at its arrival it gets the one that
    /// was busy last, which takes as few tracks as there are requests at a time.
    mutating func take(_ request: RequestRecord) -> [Span]? {
        guard let completion = request.completion, let scheduled = request.scheduled, let first = request.firstToken
        else { return nil }
        var (free, busy) = (0, ends.count)
        while free < busy {
            let middle = (free + busy) / 2
            if ends[middle].time <= request.arrival { free = middle + 1 } else { busy = middle }
        }
        let chosen = free > 0 ? ends.remove(at: free - 1).track : ends.count
        ends.append((completion, chosen))
        var spans = [
            Span(
                name: "request \(request.request)", category: "request", track: chosen, start: request.arrival,
                end: completion,
                arguments: [
                    ("prompt tokens", Int64(request.promptTokens)), ("output tokens", Int64(request.outputTokens)),
                    ("class", Int64(request.classIndex)), ("preemptions", Int64(request.preemptions)),
                ])
        ]
        let parts = request.parts
        // Its decoding begins when it has waited for its KV and its place; later waits are preemptions, inside it.
        let handOver = min(first + parts.transfer + parts.decodeWait, completion)
        let transfer = transfers.removeValue(forKey: request.request)
        let asked = min(max(first, transfer?.requested ?? handOver), handOver)
        let moved = min(max(asked, transfer?.finished ?? handOver), handOver)
        func append(
            _ name: String, _ start: SimulationTime, _ end: SimulationTime, _ arguments: [(String, SimulationDuration)]
        ) {
            guard end > start else { return }
            spans.append(
                Span(
                    name: name, category: "part", track: chosen, start: start, end: end,
                    arguments: arguments.map { ("\($0.0) ns", $0.1.nanoseconds) }))
        }
        append("queue", request.arrival, scheduled, [])
        append("prefill", scheduled, first, [("undisturbed", parts.prefillRun), ("stalled", parts.prefillStalled)])
        append("decode wait", first, asked, [])
        append("KV transfer", asked, moved, [])
        append("decode wait", moved, handOver, [])
        append(
            "decode", handOver, completion,
            [("undisturbed", parts.decodeRun), ("stalled", parts.decodeStalled), ("preempted", parts.preempted)])
        return spans
    }
}
