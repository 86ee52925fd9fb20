internal import ResultStore

/// A run with the names under which a page shows it.
struct PageRun {
    var run: StoredRun
    /// The line it belongs to in every chart: its deployment.
    var series: String
    /// "8 requests/s".
    var load: String
    /// Requests per second to three decimals, so that equal loads are equal numbers; `nil` where none is stored.
    var rate: Double?
    /// 1 for the first of the runs that differ only in what was drawn at random.
    var replication = 1

    static func load(atRate rate: Double?) -> String { rate.map { "\(rateText($0)) requests/s" } ?? "no rate" }

    static func rateText(_ rate: Double) -> String { withoutTrailingZeros(fixed(rate, decimals: 3)) }
}

/// The runs of a page: loads in ascending order, deployments in the order in which they were stored.
struct PageRuns {
    private(set) var runs: [PageRun] = []
    private(set) var loads: [String] = []
    private(set) var series: [String] = []
    /// Numbers of runs that are left out because a newer one is the same to the last event.
    private(set) var repeated: [Int64] = []

    init(_ stored: [StoredRun]) {
        struct Draw: Hashable {
            var deployment: String
            var load: String
            var seed: UInt64
            var runNumber: UInt64
        }
        var kept: [PageRun] = []
        for run in stored.sorted(by: { $0.id < $1.id }) {
            let rate = run.description.requestRate.flatMap { Double(fixed($0, decimals: 3)) }
            kept.append(
                PageRun(
                    run: run, series: printable(run.description.deployment), load: PageRun.load(atRate: rate),
                    rate: rate))
        }
        func draw(_ run: PageRun) -> Draw {
            Draw(
                deployment: run.series, load: run.load, seed: run.run.description.seed,
                runNumber: run.run.description.runNumber)
        }
        var latest: [Draw: [UInt64: Int64]] = [:]
        for run in kept { latest[draw(run), default: [:]][run.run.fingerprint] = run.run.id }
        repeated = kept.filter { latest[draw($0)]?[$0.run.fingerprint] != $0.run.id }.map(\.run.id)
        kept.removeAll { repeated.contains($0.run.id) }
        // Two runs of one deployment at one load and draw that did different things are not replications.
        for index in kept.indices where (latest[draw(kept[index])]?.count ?? 0) > 1 {
            kept[index].series += " · run \(kept[index].run.id)"
        }
        for run in kept where !series.contains(run.series) { series.append(run.series) }
        let rates = Set(kept.compactMap(\.rate)).sorted()
        loads = rates.map { PageRun.load(atRate: $0) }
        if kept.contains(where: { $0.rate == nil }) { loads.append(PageRun.load(atRate: nil)) }
        for load in loads {
            for series in series {
                let group = kept.filter { $0.load == load && $0.series == series }.sorted {
                    ($0.run.description.seed, $0.run.description.runNumber)
                        < ($1.run.description.seed, $1.run.description.runNumber)
                }
                for (index, run) in group.enumerated() {
                    var run = run
                    run.replication = index + 1
                    runs.append(run)
                }
            }
        }
    }

    func runs(at load: String, of series: String) -> [PageRun] {
        runs.filter { $0.load == load && $0.series == series }
    }

    /// The most runs of one deployment at one load.
    var replications: Int { runs.map(\.replication).max() ?? 0 }

    /// The start of every query of the page: which runs it is about and what they are called.
    var selection: String {
        let rows = runs.map { run in
            "  (\(run.run.id), \(quotedSQL(run.series)), \(quotedSQL(run.load)), "
                + "\(run.rate.map { "\($0)" } ?? "NULL"), \(run.replication))"
        }
        return "WITH selected (runId, deployment, load, rate, replication) AS (VALUES\n"
            + rows.joined(separator: ",\n") + "\n)"
    }
}

/// `text` as a literal of SQL.
func quotedSQL(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
}
