public import ArgumentParser
public import CostModels
public import Reporting
public import ResultStore
public import Workloads

extension ReportFormat: WordArgument {}
extension RowKeeping: WordArgument {}
extension TraceFormat: WordArgument {}
extension TraceWriter.Layout: WordArgument {}
extension PowerState: WordArgument {}
extension CoRunSurface.Mechanism: WordArgument {}

/// An argument that is one of a few words. What the parser would do by itself comes to the same, but by key paths that are
/// made anew in every start.
public protocol WordArgument: ExpressibleByArgument, CaseIterable, RawRepresentable where RawValue == String {}

extension WordArgument {
    public static var allValueStrings: [String] { allCases.map { $0.rawValue } }
    public static var allValueDescriptions: [String: String] { [:] }
    public var defaultValueDescription: String { rawValue }
    public init?(argument: String) { self.init(rawValue: argument) }
}
