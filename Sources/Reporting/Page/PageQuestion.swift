internal import Metrics
internal import ResultStore

/// What was asked, in plain words.
struct PageQuestion {
    private let runs: PageRuns

    init(_ runs: PageRuns) { self.runs = runs }

    var html: String {
        let first = runs.runs[0].run.description
        let facts = first.configuration?.split(separator: "\n").map(String.init) ?? []
        var rows = [("scenario", first.name), ("trace", first.traceSource)]
        rows.append(("SLO", first.slo?.words ?? "none"))
        rows.append(("loads", listed(runs.loads)))
        rows.append(("draws", draws))
        rows += facts.filter { $0.hasPrefix("model:") }.map { ("model", String($0.dropFirst("model:".count))) }
        var html = "<section id=\"question\"><h2>What was asked</h2>\n<dl>\n"
        for (name, text) in rows { html += "<dt>\(name)<dd>\(escaped(printable(text)))\n" }
        html += "</dl>\n<h3>Deployments</h3>\n<ol class=\"deployments\">\n"
        for series in runs.series { html += item(series) }
        html += "</ol>\n<details><summary>Scenario of the first run</summary>\n"
        html += "<pre><code>\(escaped(first.scenario))</code></pre></details>\n"
        return html + "</section>\n"
    }

    private var draws: String {
        runs.replications == 1
            ? "one run of each deployment at each load"
            : "up to \(runs.replications) runs of each deployment at each load, with independent draws"
    }

    /// Lines about a deployment are those after the workload and the model.
    private func item(_ series: String) -> String {
        guard let run = runs.runs.first(where: { $0.series == series })?.run else { return "" }
        let lines = run.description.configuration?.split(separator: "\n").dropFirst(2).map(String.init) ?? []
        let text = lines.isEmpty ? "\(run.gpus) GPUs" : lines.joined(separator: "\n")
        return "<li data-series=\"\(escaped(series))\"><strong>\(escaped(series))</strong>"
            + "<pre>\(escaped(text.split(separator: "\n").map { printable(String($0)) }.joined(separator: "\n")))</pre>\n"
    }
}
