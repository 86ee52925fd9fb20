public import Diagnostics
internal import EventKernel

/// The requests of a trace file that is sorted by arrival, read as they are asked for: memory does not grow with it.
///
/// A class because the position in the file is shared: use one source for one run.
public final class TraceFileSource: RequestSource {
    /// Nothing that it does leads back to this source: whether two use it at once need not be asked for every request.
    @exclusivity(unchecked) private var stream: SortedTraceStream

    /// Opens a trace file, plain or gzip, and reads its header.
    /// - Parameters:
    ///   - format: `nil` to tell from the start of the file.
    ///   - arrivals: used if the file has no times, which is an error without.
    public init(path: String, format: TraceFormat? = nil, arrivals: GivenArrivals? = nil) throws(InputError) {
        stream = SortedTraceStream(
            try TraceRowReader(opening: path, format: format, arrivals: arrivals?.sampler))
    }

    /// Names of the classes met so far.
    public var classNames: [String] { stream.reader.classNames }

    /// What is worth a warning in the rows read so far.
    public var warnings: [Diagnostic] { stream.warnings }

    /// Complete once `next` has returned `nil`.
    public var provenance: Trace.Provenance { stream.provenance }

    /// The next request, or `nil` after the last.
    /// - Throws: errors with their places: those of the first bad row and, up to twenty, of the rows after it.
    public func next() throws(InputError) -> Request? { try stream.next() }
}

/// The state of a source in one value.
private struct SortedTraceStream: ~Copyable {
    private(set) var reader: TraceRowReader
    private var row = TraceRow()
    private var count = 0
    private var origin: Int64 = 0
    private var latest = SimulationTime.zero

    init(_ reader: consuming TraceRowReader) { self.reader = reader }

    var warnings: [Diagnostic] { reader.report.found.warnings + reader.exclusions.warnings(reader.report) }

    var provenance: Trace.Provenance {
        Trace.Provenance(
            source: reader.report.file, format: reader.format.rawValue, excluded: reader.exclusions.excluded)
    }

    mutating func next() throws(InputError) -> Request? {
        while try reader.next(into: &row) {
            if count == 0, reader.format.shiftsFirstArrivalToZero { origin = row.nanoseconds }
            let arrival = SimulationTime(nanoseconds: row.nanoseconds - origin)
            if count > 0, arrival < latest { reader.reportArrivalGoesBack(row) }
            latest = arrival
            if reader.report.hasErrors { continue }
            count += 1
            return Request(
                index: count - 1, arrival: arrival, promptTokens: row.promptTokens, outputTokens: row.outputTokens,
                classIndex: row.classIndex)
        }
        try reader.report.found.throwIfAny()
        if count == 0 { throw InputError([reader.emptyTrace] + warnings) }
        return nil
    }
}
