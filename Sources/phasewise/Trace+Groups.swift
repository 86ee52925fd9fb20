internal import Diagnostics
internal import Metrics
internal import Profiles
internal import Scenarios
internal import Workloads

extension Trace {
    /// Its classes and tenants, by class index.
    var groups: [RequestGroup] { RequestGroup.all(classNames: classNames, tenantNames: tenantNames) }
}

extension ScenarioResolution {
    /// - Throws: if a class with limits of its own is none of the trace's: a misspelt name would never be missed.
    func checkClasses(of trace: Trace) throws(InputError) {
        var collector = DiagnosticCollector()
        for name in limitedClasses where !trace.classNames.contains(name.value) {
            var known: [String] = []
            for name in trace.classNames where !known.contains(name) { known.append(name) }
            let near = nearestMatch(to: name.value, among: known).map { "did you mean \"\($0)\"?" }
            collector.error(
                at: name.location,
                "slo.classes: found \"\(name.value)\", expected "
                    + (known.isEmpty
                        ? "none: the requests have no classes"
                        : "a class of the requests: \(known.prefix(20).joined(separator: ", "))"),
                help: near)
        }
        try collector.throwIfAny()
    }
}
