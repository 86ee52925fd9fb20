/// How a report is printed.
public enum ReportFormat: String, CaseIterable, Hashable, Sendable {
    case text
    case csv
    case json
}

/// Something that can be printed for people, for spreadsheets and for programs.
public protocol Report {
    /// For people: aligned, rounded, at most 100 columns wide where names allow it.
    var text: String { get }
    /// With a header line; numbers with all their digits, in the units named there.
    var csv: String { get }
    /// One value, members always in the same order.
    var json: String { get }
}

extension Report {
    /// The report in a format; ends with a newline.
    public func rendered(as format: ReportFormat) -> String {
        switch format {
        case .text: text
        case .csv: csv
        case .json: json + "\n"
        }
    }
}

/// The width that text reports keep to.
let pageWidth = 100
