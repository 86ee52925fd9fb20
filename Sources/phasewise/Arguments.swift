public import ArgumentParser
public import Reporting
public import ResultStore
public import Workloads

extension ReportFormat: ExpressibleByArgument {}
extension RowKeeping: ExpressibleByArgument {}
extension TraceFormat: ExpressibleByArgument {}
