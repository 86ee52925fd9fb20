internal import Diagnostics

/// The requests of a JSON trace.
///
/// A class because the position in the file is shared, and none is lost in a row of JSON for it.
final class JSONRows {
    private var scanner: JSONScanner
    private var parser: any JSONTraceParser
    private var hasEnded = false

    init(_ parser: any JSONTraceParser, _ scanner: consuming JSONScanner) {
        self.parser = parser
        self.scanner = scanner
    }

    var classNames: [String] { parser.classNames }
    var tenantNames: [String] { parser.tenantNames }
    var blockHashes: BlockHashes? { parser.blockHashes }

    func next(into row: inout TraceRow, report: inout RowReport) throws(InputError) -> Bool {
        while !report.isFull, !hasEnded {
            do throws(JSONFault) {
                switch try parser.next(&scanner, into: &row, report: &report) {
                case .request: return true
                case .refused: continue
                case .end: hasEnded = true
                }
            } catch {
                report.error(at: error.place, error.message)
                // Broken text: what stands where cannot be said any more.
                hasEnded = true
            }
        }
        return false
    }
}
