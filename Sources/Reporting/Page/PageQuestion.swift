internal import Metrics
internal import ResultStore

/// What was asked, in plain words.
struct PageQuestion {
    private let runs: PageRuns

    init(_ runs: PageRuns) { self.runs = runs }

    var html: String {
        let first = runs.runs[0].run.description
        let facts = first.configuration?.split(separator: "\n").map(String.init) ?? []
        var rows = [("scenario", first.name), ("trace", trace)]
        rows.append(("SLO", first.slo?.words ?? "none"))
        rows.append(("loads", listed(runs.loads)))
        rows.append(("draws", draws))
        rows += facts.filter { $0.hasPrefix("model: ") }.map { fact in
            ("model", fact.dropFirst("model: ".count).split(separator: ", SLO ").first.map(String.init) ?? "")
        }
        var html = "<section id=\"question\"><h2>What was asked</h2>\n<dl>\n"
        for (name, text) in rows { html += "<dt>\(name)<dd>\(escaped(printable(text)))\n" }
        html += "</dl>\n<h3>Deployments</h3>\n<ol class=\"deployments\">\n"
        for series in runs.series { html += item(series) }
        html += "</ol>\n<details><summary>Scenario of the first run</summary>\n"
        html += "<pre><code>\(escaped(first.scenario))</code></pre></details>\n"
        return html + "</section>\n"
    }

    /// What is the same of all traces: what was done to them besides differs with the load.
    private var trace: String {
        let sources = runs.runs.map { $0.run.description.traceSource.split(separator: ", ").map(String.init) }
        let common = sources[0].indices.prefix { index in
            sources.allSatisfy { index < $0.count && $0[index] == sources[0][index] }
        }
        return common.isEmpty ? sources[0].joined(separator: ", ") : sources[0][common].joined(separator: ", ")
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
