public import ArgumentParser
public import CostModels
public import Reporting
public import ResultStore
public import Workloads

extension ReportFormat: ExpressibleByArgument {}
extension RowKeeping: ExpressibleByArgument {}
extension TraceFormat: ExpressibleByArgument {}
extension TraceWriter.Layout: ExpressibleByArgument {}
extension PowerState: ExpressibleByArgument {}
extension CoRunSurface.Mechanism: ExpressibleByArgument {}
