public import Diagnostics
public import EventKernel

/// A trace file that is read twice instead of held: once for what its requests come to together, once for each of them.
/// Memory does not grow with it, but with the names of its classes and what a format needs to number its ids of blocks.
///
/// What it takes of the file and when its requests arrive is what `TraceReader.read` and the changes of a `Trace` give.
public struct TraceStream: Sendable {
    public let classNames: [String]
    public let tenantNames: [String]
    /// What ids of blocks stand for; `nil` for a trace without.
    public let blockFormat: BlockFormat?
    public let warnings: [Diagnostic]
    /// How many the selection takes.
    public let requests: Int
    private let first: SimulationTime
    private let last: SimulationTime
    private let file: File
    private var timing = Timing.asSelected

    private struct File: Sendable {
        var path: String
        var format: TraceFormat?
        var arrivals: GivenArrivals?
        var selection: TraceSelection
        var streams: RandomStreams
    }

    private enum Timing: Sendable {
        case asSelected
        case scaled(TimeScale)
        case drawn(DrawnArrivals)
    }

    /// Reads a file, plain or gzip, for the first time.
    ///
    /// `nil` for one whose requests cannot be taken as they stand: rows out of order, which have to be sorted, and turns of
    /// sessions, each of which may have to be known for one after it.
    /// - Parameters:
    ///   - format: `nil` to tell from the start of the file.
    ///   - arrivals: used if the file has no times, which is an error without.
    ///   - streams: for the selection's sample.
    ///   - progress: told the number of requests read so far, every 65,536.
    /// - Throws: up to twenty errors, each with `file:line:column`.
    /// - Precondition: the selection has no `problem`.
    public init?(
        path: String, format: TraceFormat? = nil, arrivals: GivenArrivals? = nil, selection: TraceSelection,
        streams: RandomStreams, progress: (Int) -> Void = { _ in }
    ) throws(InputError) {
        file = File(path: path, format: format, arrivals: arrivals, selection: selection, streams: streams)
        var rows = try SelectedRows(file)
        var blockFormat: BlockFormat?
        var (count, first, last) = (0, SimulationTime.zero, SimulationTime.zero)
        while let request = try rows.next() {
            if count == 0 { first = request.arrival }
            last = request.arrival
            count += 1
            if rows.read & 0xFFFF == 0 { progress(rows.read) }
        }
        if rows.isOutOfOrder { return nil }
        try rows.reader.report.found.throwIfAny()
        blockFormat = rows.reader.blockHashes?.format
        warnings = rows.reader.report.found.warnings + rows.reader.exclusions.warnings(rows.reader.report)
        if rows.read == 0 { throw InputError([rows.reader.emptyTrace] + warnings) }
        (classNames, tenantNames) = (rows.reader.classNames, rows.reader.tenantNames)
        self.blockFormat = blockFormat
        (requests, self.first, self.last) = (count, first, last)
    }

    /// Mean arrival rate in requests per second, as that of a `Trace`.
    public var rate: Double { last > first ? Double(requests - 1) / (last - first).seconds : 0 }

    /// Sets the mean rate as `Trace.rescaled(toRate:)` does.
    /// - Returns: whether it has a rate to set.
    public mutating func rescale(toRate target: Double) -> Bool {
        guard let scale = TimeScale(requests: requests, from: first, to: last, rate: target) else { return false }
        timing = .scaled(scale)
        return true
    }

    /// Draws arrivals as `Trace.withArrivals` does. O(requests).
    /// - Returns: whether so many fit into simulated time.
    /// - Precondition: the process has no `problem`.
    public mutating func drawArrivals(_ process: ArrivalProcess, streams: RandomStreams) -> Bool {
        guard let drawn = DrawnArrivals(process, streams: streams) else { return false }
        var trial = drawn
        for _ in 0..<requests { if trial.next() == nil { return false } }
        timing = .drawn(drawn)
        return true
    }

    /// - Parameter body: gets each request with the ids of its blocks.
    /// - Throws: what `body` throws, and errors of a file that has changed meanwhile.
    private func forEach(_ body: (Request, [UInt32]) throws -> Void) throws {
        var rows = try SelectedRows(file)
        var timing = timing
        var index = 0
        while index < requests, var request = try rows.next() {
            request.index = index
            index += 1
            switch timing {
            case .asSelected: break
            case .scaled(let scale): request.arrival = scale(request.arrival)
            case .drawn(var drawn):
                request.arrival = drawn.next() ?? request.arrival
                timing = .drawn(drawn)
            }
            try body(request, rows.row.blockIDs)
        }
        try rows.reader.report.found.throwIfAny()
        guard !rows.isOutOfOrder, index == requests else {
            throw InputError(
                at: rows.reader.report.location(TextPlace()),
                "found \(index) of \(requests) requests when it was read again, expected a file that stays as it is")
        }
    }

    /// Reads it for the second time and hands on, piece by piece, what a file of ours has of it.
    public func write(as layout: TraceWriter.Layout, _ put: ([UInt8]) throws -> Void) throws {
        var writer = TraceWriter(
            layout, classNames: classNames, tenantNames: tenantNames, blockFormat: blockFormat)
        try forEach { request, blockIDs in
            writer.append(request, blockIDs: blockIDs)
            if writer.bytes.count > 1 << 20 { try put(writer.takeBytes()) }
        }
        try put(writer.takeBytes())
    }

    /// One pass over the file.
    private struct SelectedRows: ~Copyable {
        private(set) var reader: TraceRowReader
        private(set) var row = TraceRow()
        private(set) var read = 0
        private(set) var isOutOfOrder = false
        private var selector: RequestSelector
        private var origin: Int64 = 0
        private var latest: Int64 = .min

        init(_ file: File) throws(InputError) {
            reader = try TraceRowReader(opening: file.path, format: file.format, arrivals: file.arrivals?.sampler)
            selector = RequestSelector(file.selection, streams: file.streams)
        }

        /// The next one that is taken; `nil` after the last, and where the order of the file is not that of arrivals.
        mutating func next() throws(InputError) -> Request? {
            while try reader.next(into: &row) {
                if row.nanoseconds < latest || row.thread >= 0 {
                    isOutOfOrder = true
                    return nil
                }
                latest = row.nanoseconds
                if read == 0, reader.format.shiftsFirstArrivalToZero { origin = row.nanoseconds }
                read += 1
                if reader.report.hasErrors { continue }
                let request = Request(
                    index: read - 1, arrival: SimulationTime(nanoseconds: row.nanoseconds - origin),
                    promptTokens: row.promptTokens, outputTokens: row.outputTokens, classIndex: row.classIndex)
                if let taken = selector.take(request, classNames: reader.classNames) { return taken }
            }
            return nil
        }
    }
}
