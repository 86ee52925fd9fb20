public import Diagnostics
internal import EventKernel

/// What a look at every row of a trace file has shown.
public struct TraceCheck: Hashable, Sendable {
    public var requests: Int
    /// From the first to the last arrival, in seconds.
    public var duration: Double
    public var format: String
    /// Rows left out, by reason.
    public var excluded: [Trace.Provenance.Exclusion]
}

extension TraceReader {
    /// Reads a whole file and keeps none of it: memory does not grow with it.
    /// - Throws: as `read`.
    public static func check(
        path: String, format: TraceFormat? = nil, progress: (Int) -> Void = { _ in }
    ) throws(InputError) -> (check: TraceCheck, warnings: [Diagnostic]) {
        var reader = try TraceRowReader(opening: path, format: format, arrivals: nil)
        var row = TraceRow()
        var disorder = Disorder()
        var count = 0
        var (first, last) = (Int64.max, Int64.min)
        while try reader.next(into: &row) {
            disorder.observe(row)
            first = min(first, row.nanoseconds)
            last = max(last, row.nanoseconds)
            count += 1
            if count & 0xFFFF == 0 { progress(count) }
        }
        try reader.report.found.throwIfAny()
        let warnings =
            reader.report.found.warnings + reader.exclusions.warnings(reader.report) + disorder.warnings(reader.report)
        if count == 0 { throw InputError([reader.emptyTrace] + warnings) }
        let check = TraceCheck(
            requests: count, duration: Double(last - first) / 1e9, format: reader.format.rawValue,
            excluded: reader.exclusions.excluded)
        return (check, warnings)
    }
}
