internal import Metrics
public import ResultStore

/// A page of HTML about runs: what was asked, the verdict, charts with their data and queries. It needs nothing but
/// itself, and its charts are drawn by the library that is inlined.
public struct ReportPage {
    /// The bytes of the page that are not the charting library's.
    public let ownBytes: Int
    public let html: String

    /// - Parameter ids: runs of `store`; at least one.
    /// - Throws: what the store throws.
    public init(_ store: ResultStore, runs ids: [Int64], library: ChartLibrary) throws(ResultStoreError) {
        precondition(!ids.isEmpty, "a page about no run")
        var stored: [StoredRun] = []
        for id in ids where !stored.contains(where: { $0.id == id }) { stored.append(try store.run(id)) }
        let runs = PageRuns(stored)
        let verdict = PageVerdict(runs)
        let hasGroups = stored.contains { !GroupTable.worthShowing($0.summary.groups).isEmpty }
        let charts: [PageChart] =
            [.attainment(runs)] + (hasGroups ? [.groups()] : []) + [
                .latencies(runs), .distributions(), .parts(), .pareto(runs), .queues(), .memory(), .partition(),
                .provenance(), .runs(),
            ]
        var sections: [String] = []
        for chart in charts {
            let query = runs.selection + chart.query
            sections.append(
                chart.html(try store.query(query), query: query, initial: verdict.decisiveLoad, database: store.path))
        }
        let title = "Phasewise: \(printable(stored[0].description.name))"
        let body = [
            "<header><h1>\(escaped(title))</h1></header>\n<main>",
            verdict.html, PageQuestion(runs).html, sections.joined(), "</main>", Self.footer,
        ].joined(separator: "\n")
        let head = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
            <title>\(escaped(title))</title>
            <style>
            \(text(PackageResources.report_css))</style>
            </head>
            <body>

            """
        let script = "<script>\n\(text(PackageResources.report_js))</script>\n</body>\n</html>\n"
        ownBytes = head.utf8.count + body.utf8.count + script.utf8.count
        html = head + body + library.html + script
    }

    /// Nothing may be fetched from anywhere, whatever a name in the data says. The library compiles its expressions.
    private static let policy =
        "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:"

    private static let footer = """
        <footer><p>Made by <code>phasewise report</code>. Charts are drawn by Vega (BSD 3-clause licence, UW Interactive \
        Data Lab), whose notice is inside this page.</p></footer>

        """
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
