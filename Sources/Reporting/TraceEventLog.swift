public import EventKernel
public import Metrics

/// Records as Chrome trace events, the JSON that Perfetto and chrome://tracing open: a process for each instance, with a
/// thread for each lane and for the link into it, and counters of its samples; and one process of requests, in which
/// every completed request is a span over those of its parts, on as few threads as hold them side by side.
///
/// Times are microseconds with three decimals, so that nothing of the nanoseconds is lost. Spans and samples outside the
/// window are left out, and once the log is as long as it may be, all further spans and samples.
public struct TraceEventLog: Recorder {
    /// What a log keeps.
    public struct Limits: Hashable, Sendable {
        /// Spans that reach into this window, and samples in it.
        public var window: ClosedRange<SimulationTime>
        /// Of the iterations of each lane, and of all requests, the first of so many.
        public var every: Int
        public var bytes: Int
        public var requests: Requests

        public init(
            window: ClosedRange<SimulationTime>, every: Int, bytes: Int, requests: Requests = .whereTheyFit
        ) {
            precondition(every > 0, "one of every \(every) iterations")
            self.window = window
            self.every = every
            self.bytes = bytes
            self.requests = requests
        }
    }

    /// Whether a log has spans of requests.
    public enum Requests: Hashable, Sendable {
        /// All of them, if that leaves room for everything else.
        case whereTheyFit
        /// They take room like everything else.
        case always
        case never
    }

    /// A log and what it lacks.
    public struct Finished: Sendable {
        public var bytes: [UInt8]
        public var events: Int
        /// From when on spans are missing, because there were too many.
        public var truncation: SimulationTime?
        /// Whether spans of requests were left out for want of room.
        public var lacksRequests: Bool
    }

    /// What an instance is called, and what it does.
    public struct Process: Hashable, Sendable {
        public var name: String
        /// Names of lanes 0 and 1; `nil` for a lane that it does not have.
        public var lanes: [String?]

        public init(name: String, lanes: [String?]) {
            self.name = name
            self.lanes = lanes
        }
    }

    private let limits: Limits
    private var bytes: [UInt8] = []
    private var counts: [Int]
    private var truncation: SimulationTime?
    private var events = 0
    private var tracks = RequestTracks()
    /// Events of requests that wait to be let in, and how many they are; `nil` where there are none to let in.
    private var waiting: (bytes: [UInt8], events: Int)?
    private var lacksRequests = false

    private static let linkThread = 2
    /// The number of the process of requests.
    private let requests: Int

    /// - Parameters:
    ///   - title: what the run is called.
    ///   - processes: the instances by their numbers.
    public init(title: String, processes: [Process], limits: Limits) {
        self.limits = limits
        counts = Array(repeating: 0, count: processes.count * 2)
        requests = processes.count
        if limits.requests == .whereTheyFit { waiting = ([], 0) }
        text("{\"displayTimeUnit\":\"ms\",\"otherData\":{\"run\":\(JSONText.quoted(title))},\"traceEvents\":[")
        for (index, process) in processes.enumerated() {
            metadata("process_name", index, nil, "\"name\":\(JSONText.quoted(process.name))")
            metadata("process_sort_index", index, nil, "\"sort_index\":\(index)")
            for (lane, name) in process.lanes.enumerated() {
                if let name { metadata("thread_name", index, lane, "\"name\":\(JSONText.quoted(name))") }
            }
        }
        for index in processes.indices {
            metadata("thread_name", index, Self.linkThread, "\"name\":\"KV link into it\"")
        }
        if limits.requests == .always { nameRequests() }
    }

    /// The whole log.
    public consuming func finished() -> Finished {
        if let waiting, waiting.events > 0 {
            if bytes.count + waiting.bytes.count < limits.bytes {
                nameRequests()
                bytes += waiting.bytes
                events += waiting.events
            } else {
                lacksRequests = true
            }
        }
        text("\n]}\n")
        return Finished(bytes: bytes, events: events, truncation: truncation, lacksRequests: lacksRequests)
    }

    private mutating func nameRequests() {
        metadata("process_name", requests, nil, "\"name\":\"requests\"")
        metadata("process_sort_index", requests, nil, "\"sort_index\":\(requests)")
    }

    public mutating func record(_ request: RequestRecord) {
        guard limits.requests != .never, !lacksRequests, request.request % limits.every == 0,
            overlapsWindow(request.arrival, request.completion ?? request.arrival),
            let spans = tracks.take(request)?.filter({ overlapsWindow($0.start, $0.end) })
        else { return }
        guard var waiting else {
            if hasRoom(at: request.arrival) { for span in spans { self.span(span) } }
            return
        }
        // Events are written one after the other: those that wait change places with those that do not.
        self.waiting = nil
        swap(&bytes, &waiting.bytes)
        let before = events
        for span in spans { self.span(span) }
        waiting.events += events - before
        events = before
        swap(&bytes, &waiting.bytes)
        if waiting.bytes.count < limits.bytes { self.waiting = waiting } else { lacksRequests = true }
    }

    public mutating func record(_ iterations: IterationRecord) {
        let lane = iterations.instance * 2 + iterations.lane
        counts[lane] += 1
        guard (counts[lane] - 1) % limits.every == 0, keeps(iterations.start, iterations.end) else { return }
        let name: String
        switch (iterations.prefillTokens, iterations.decodeSequences) {
        case (0, _): name = "decode"
        case (_, 0): name = "prefill"
        default: name = "mixed"
        }
        span(
            name, "iteration", iterations.instance, iterations.lane, iterations.start, iterations.end,
            "\"iterations\":\(iterations.iterations),\"SMs\":\(iterations.sms),"
                + "\"prompt tokens\":\(iterations.prefillTokens),\"prompts\":\(iterations.prefillSequences),"
                + "\"decoding\":\(iterations.decodeSequences),\"context tokens\":\(iterations.decodeContextTokens)")
    }

    public mutating func record(_ transfer: TransferRecord) {
        if limits.requests != .never { tracks.note(transfer) }
        guard keeps(transfer.started, transfer.finished) else { return }
        span(
            "request \(transfer.request)", "transfer", transfer.destination, Self.linkThread, transfer.started,
            transfer.finished,
            "\"bytes\":\(transfer.bytes),\"from instance\":\(transfer.source),"
                + "\"waited us\":\(microseconds((transfer.started - transfer.requested).nanoseconds))")
    }

    public mutating func record(_ change: PartitionChangeRecord) {
        guard keeps(change.time, change.time) else { return }
        let time = microseconds(change.time.nanoseconds)
        event(
            "\"ph\":\"i\",\"s\":\"p\",\"name\":\"partition \(change.prefillSMs) / \(change.decodeSMs) SMs\",\"cat\":\"switch\","
                + "\"pid\":\(change.instance),\"tid\":0,\"ts\":\(time),"
                + "\"args\":{\"reason\":\(JSONText.quoted(change.reason))}")
        counter(
            "SM caps", change.instance, time, [("prefill", change.prefillSMs), ("decode", change.decodeSMs)])
    }

    public mutating func record(_ interval: IntervalRecord) {
        guard keeps(interval.time, interval.time) else { return }
        let time = microseconds(interval.time.nanoseconds)
        counter(
            "requests", interval.instance, time,
            [
                ("waiting", interval.waiting), ("prefilling", interval.prefilling),
                ("waiting for decode", interval.decodeWaiting), ("decoding", interval.decoding),
            ])
        counter(
            "KV blocks", interval.instance, time,
            [("not decoding yet", interval.prefillBlocks), ("decoding", interval.usedBlocks - interval.prefillBlocks)])
        counter(
            "SMs held", interval.instance, time, [("prefill", interval.prefillSMs), ("decode", interval.decodeSMs)])
    }

    private mutating func keeps(_ start: SimulationTime, _ end: SimulationTime) -> Bool {
        overlapsWindow(start, end) && hasRoom(at: start)
    }

    private func overlapsWindow(_ start: SimulationTime, _ end: SimulationTime) -> Bool {
        start <= limits.window.upperBound && end >= limits.window.lowerBound
    }

    private mutating func hasRoom(at start: SimulationTime) -> Bool {
        if truncation == nil, bytes.count >= limits.bytes { truncation = start }
        return truncation == nil
    }
}

// MARK: - Events

extension TraceEventLog {
    private mutating func span(_ span: RequestTracks.Span) {
        let arguments = span.arguments.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",")
        self.span(span.name, span.category, requests, span.track, span.start, span.end, arguments)
    }

    private mutating func span(
        _ name: String, _ category: String, _ process: Int, _ thread: Int, _ start: SimulationTime,
        _ end: SimulationTime, _ arguments: String
    ) {
        event(
            "\"ph\":\"X\",\"name\":\"\(name)\",\"cat\":\"\(category)\",\"pid\":\(process),\"tid\":\(thread),"
                + "\"ts\":\(microseconds(start.nanoseconds)),\"dur\":\(microseconds((end - start).nanoseconds)),"
                + "\"args\":{\(arguments)}")
    }

    private mutating func counter(_ name: String, _ process: Int, _ time: String, _ values: [(String, Int)]) {
        let values = values.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",")
        event("\"ph\":\"C\",\"name\":\"\(name)\",\"pid\":\(process),\"ts\":\(time),\"args\":{\(values)}")
    }

    private mutating func metadata(_ name: String, _ process: Int, _ thread: Int?, _ arguments: String) {
        let thread = thread.map { "\"tid\":\($0)," } ?? ""
        event("\"ph\":\"M\",\"name\":\"\(name)\",\"pid\":\(process),\(thread)\"args\":{\(arguments)}")
    }

    private mutating func event(_ members: String) {
        text(events == 0 ? "\n{\(members)}" : ",\n{\(members)}")
        events += 1
    }

    private mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Exactly, as a decimal.
    private func microseconds(_ nanoseconds: Int64) -> String {
        let fraction = String(nanoseconds % 1000)
        return "\(nanoseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}
