internal import ArgumentParser
internal import Diagnostics
internal import Foundation
internal import Reporting
internal import ResultStore

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Writes a page about stored runs: verdict, charts, tables.",
        discussion: """
            The page is one file of HTML that needs no network. Its charts are drawn by Vega, which is inlined; \
            the package libjs-vega of Debian and Ubuntu has it.

            Examples:
              phasewise report -o report.html
              phasewise report 1 2 3 -o report.html
            """)

    @Argument(help: "Numbers of runs, as listed. Default: all runs that have the name of the newest.")
    var runs: [Int64] = []
    @Option(name: .shortAndLong, help: "The file to write.") var output = "report.html"
    @Option(help: "Results database.") var database = "phasewise.sqlite"
    @Option(help: "Folder of Vega 5's modules, vega-view.min.js and others.")
    var chartLibrary = "/usr/share/javascript/vega"
    @Flag(name: .shortAndLong, help: "Say nothing on standard error.") var quiet = false

    func run() throws {
        let started = Date()
        let library = try readChartLibrary()
        let store = try ResultStore(readingFrom: database)
        let page = try ReportPage(store, runs: runs.isEmpty ? newestScenario(in: store) : runs, library: library)
        try Terminal.writeFile(Array(page.html.utf8), to: output)
        if quiet { return }
        let bytes = page.html.utf8.count
        Terminal.complain([
            Diagnostic(
                .note, at: nil,
                "\(output): \(page.ownBytes / 1000) kB and \((bytes - page.ownBytes) / 1000) kB of charting library, in "
                    + "\(decimal(Date().timeIntervalSince(started), 1)) s")
        ])
    }

    private func newestScenario(in store: ResultStore) throws -> [Int64] {
        let runs = try store.runs()
        guard let last = runs.last else {
            throw InputError(
                at: nil, "\(store.path): no runs are stored", help: "phasewise compare or simulate stores some")
        }
        return runs.filter { $0.name == last.name }.map(\.id)
    }

    private func readChartLibrary() throws(InputError) -> ChartLibrary {
        let folder = URL(fileURLWithPath: chartLibrary)
        var (modules, missing): ([String], [String]) = ([], [])
        for name in ChartLibrary.moduleNames {
            if let text = try? String(contentsOf: folder.appendingPathComponent("\(name).min.js"), encoding: .utf8) {
                modules.append(text)
            } else {
                missing.append("\(name).min.js")
            }
        }
        if !missing.isEmpty {
            let names =
                missing.count > 3 ? "\(missing[0]) and \(missing.count - 1) more" : missing.joined(separator: ", ")
            throw InputError(
                at: SourceLocation(file: "--chart-library", line: 1, column: 1),
                "found no \(names) in \(chartLibrary), expected the modules of Vega 5",
                help: "install them (apt-get install libjs-vega), or name the folder that has them")
        }
        // Debian keeps what may be done with a package here.
        let notice = try? String(contentsOfFile: "/usr/share/doc/libjs-vega/copyright", encoding: .utf8)
        return ChartLibrary(modules: modules, notice: notice)
    }
}
