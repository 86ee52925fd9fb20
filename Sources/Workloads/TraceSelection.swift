public import EventKernel

/// What is taken of a trace and how fast its clock runs, in the order in which it is done: the window of time, the
/// classes, the lengths, the sample, the requests skipped and kept by count, the clock. The initial value takes all.
public struct TraceSelection: Hashable, Sendable {
    /// Arrivals from here on, `nil` for the trace's start. In a window, arrivals count from its start.
    public var from: SimulationTime?
    /// Arrivals before this, `nil` for the trace's end.
    public var to: SimulationTime?
    /// Names of the classes to keep; empty for all.
    public var classes: [String] = []
    public var promptTokens = TokenBounds()
    public var outputTokens = TokenBounds()
    /// Prompt plus output.
    public var totalTokens = TokenBounds()
    /// Each request stays with this chance, whatever becomes of the others; `nil` keeps all. The rate falls with it.
    public var share: Double?
    /// Requests left out at the start of what is left.
    public var skipped = 0
    /// Requests kept after those; `nil` for all.
    public var requests: Int?
    /// How many times as fast the clock runs: 2 halves all times and doubles every rate, bursts included.
    public var clockSpeed = 1.0

    public init() {}

    /// Bounds of a count of tokens, both included; `nil` for none.
    public struct TokenBounds: Hashable, Sendable {
        public var least: Int?
        public var most: Int?

        public init(least: Int? = nil, most: Int? = nil) {
            self.least = least
            self.most = most
        }

        func contains(_ tokens: Int) -> Bool { tokens >= least ?? 0 && tokens <= most ?? .max }
    }

    public static let shares = 1e-9...1.0
    public static let clockSpeeds = 1e-6...1e6

    public var takesAll: Bool { self == TraceSelection() }

    /// Why this cannot be taken of any trace, in words for a message; `nil` if all is well.
    public var problem: String? {
        if let from, let to, from >= to { return "a window from \(from.seconds) s to \(to.seconds) s" }
        for (name, bounds) in [("prompt", promptTokens), ("output", outputTokens), ("total", totalTokens)] {
            if let least = bounds.least, let most = bounds.most, least > most {
                return "\(name) tokens from \(least) to \(most)"
            }
        }
        if let share, !Self.shares.contains(share) { return "a sample of \(share), expected 1e-9 to 1" }
        if skipped < 0 || (requests ?? 1) < 1 { return "\(requests ?? 0) requests after \(skipped)" }
        return Self.clockSpeeds.contains(clockSpeed) ? nil : "a clock \(clockSpeed) times as fast, expected 1e-6 to 1e6"
    }

    /// Classes asked for that are not among a trace's.
    public func unknownClasses(among names: [String]) -> [String] { classes.filter { !names.contains($0) } }
}

extension Trace {
    /// What a selection takes of it; may be empty. O(n).
    /// - Parameter streams: for the sample, which has a stream of its own.
    /// - Precondition: the selection has no `problem`.
    public func selecting(_ selection: TraceSelection, streams: RandomStreams) -> Trace {
        if let problem = selection.problem { preconditionFailure(problem) }
        var trace = self
        if selection.from != nil || selection.to != nil {
            trace = trace.window(from: selection.from ?? .zero, to: selection.to ?? .never)
        }
        if !selection.classes.isEmpty {
            let kept = trace.classNames.map { selection.classes.contains($0) }
            trace = trace.keeping("classes \(selection.classes.joined(separator: ", "))") { kept[$0.classIndex] }
        }
        for (name, bounds, tokens) in [
            ("prompts", selection.promptTokens, \Request.promptTokens),
            ("outputs", selection.outputTokens, \Request.outputTokens),
            ("totals", selection.totalTokens, \Request.totalTokens),
        ] where bounds != TraceSelection.TokenBounds() {
            let least = bounds.least.map { " from \($0)" } ?? ""
            let most = bounds.most.map { " to \($0)" } ?? ""
            trace = trace.keeping("\(name)\(least)\(most) tokens") { bounds.contains($0[keyPath: tokens]) }
        }
        if let share = selection.share {
            var stream = streams.stream(named: "sample")
            trace = trace.keeping("sample of \(share), seed \(streams.seed), run \(streams.run)") { _ in
                stream.uniform() < share
            }
        }
        if selection.skipped > 0 {
            let first = min(selection.skipped, trace.requests.count)
            trace = trace.keeping("without the first \(selection.skipped) requests") { $0.index >= first }
        }
        if let requests = selection.requests, requests < trace.requests.count { trace = trace.prefix(requests) }
        return selection.clockSpeed == 1 ? trace : trace.withClock(timesAsFast: selection.clockSpeed)
    }

    /// The same requests with all times divided by `speed`, to the nearest nanosecond: order and ties are kept. Times
    /// stop at the last one that readers take. O(n).
    public func withClock(timesAsFast speed: Double) -> Trace {
        precondition(TraceSelection.clockSpeeds.contains(speed), "a clock \(speed) times as fast")
        var warped = requests
        for index in warped.indices { warped[index].arrival = warped[index].arrival.onClock(timesAsFast: speed) }
        return changed("clock \(speed) times as fast", warped, blockHashes)
    }

    private func keeping(_ change: String, _ isKept: (Request) -> Bool) -> Trace {
        var kept = requests.filter(isKept)
        let blocks = blockHashes?.selecting(kept.map(\.index))
        for index in kept.indices { kept[index].index = index }
        return changed(change, kept, blocks)
    }
}

extension SimulationTime {
    fileprivate func onClock(timesAsFast speed: Double) -> SimulationTime {
        SimulationTime(nanoseconds: Int64(min((Double(nanoseconds) / speed).rounded(), 4e18)))
    }
}

/// Takes of requests that come one after the other what `Trace.selecting` takes of all of them.
struct RequestSelector {
    private let selection: TraceSelection
    private var sample: RandomStream
    /// Whether a class is kept, by the index of those met so far.
    private var keepsClass: [Bool] = []
    private var skipped = 0
    private var taken = 0

    init(_ selection: TraceSelection, streams: RandomStreams) {
        if let problem = selection.problem { preconditionFailure(problem) }
        self.selection = selection
        sample = streams.stream(named: "sample")
    }

    /// The request with the time that it has in the selection; `nil` if it is left out.
    /// - Parameter classNames: of the classes met so far.
    mutating func take(_ request: Request, classNames: @autoclosure () -> [String]) -> Request? {
        guard request.arrival >= selection.from ?? .zero, request.arrival < selection.to ?? .never,
            selection.classes.isEmpty || isOfKeptClass(request, classNames),
            selection.promptTokens.contains(request.promptTokens),
            selection.outputTokens.contains(request.outputTokens),
            selection.totalTokens.contains(request.totalTokens),
            selection.share.map({ sample.uniform() < $0 }) ?? true
        else { return nil }
        if skipped < selection.skipped {
            skipped += 1
            return nil
        }
        guard taken < selection.requests ?? .max else { return nil }
        taken += 1
        var request = request
        if let from = selection.from { request.arrival = .zero + (request.arrival - from) }
        if selection.clockSpeed != 1 { request.arrival = request.arrival.onClock(timesAsFast: selection.clockSpeed) }
        return request
    }

    private mutating func isOfKeptClass(_ request: Request, _ classNames: () -> [String]) -> Bool {
        if request.classIndex >= keepsClass.count { keepsClass = classNames().map(selection.classes.contains) }
        return request.classIndex < keepsClass.count && keepsClass[request.classIndex]
    }
}

extension Request {
    /// Prompt and output.
    public var totalTokens: Int { promptTokens + outputTokens }
}
