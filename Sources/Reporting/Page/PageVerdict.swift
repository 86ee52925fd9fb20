internal import Metrics
internal import ResultStore
internal import Statistics

/// Who wins at which load, why, and how sure that is.
struct PageVerdict {
    static let confidence = 0.95

    let runs: PageRuns
    let contests: [Contest]

    init(_ runs: PageRuns) {
        self.runs = runs
        let all = [
            Contest(title: "most requests within the SLO", metric: .sloAttainment, statistic: .value, mostWins: true),
            Contest(title: "lowest mean end-to-end time", metric: .endToEnd, statistic: .mean),
            Contest(title: "lowest P99 TTFT", metric: .ttft, statistic: .p99),
            Contest(title: "lowest P99 TPOT", metric: .tpot, statistic: .p99),
        ]
        contests = all.filter { contest in
            runs.runs.contains { $0.run.summary[contest.metric, contest.statistic] != nil }
        }
    }

    /// The load to look at first: the highest at which some deployment still meets the SLO, or the middle one.
    var decisiveLoad: String? {
        let met = runs.loads.last { load in
            runs.runs.contains { $0.load == load && $0.run.summary.meetsSLO == true }
        }
        return met ?? (runs.loads.isEmpty ? nil : runs.loads[runs.loads.count / 2])
    }

    var html: String {
        var html = "<section id=\"verdict\"><h2>Verdict</h2>\n"
        for sentence in sentences { html += "<p>\(escaped(sentence))</p>\n" }
        if runs.series.count > 1 {
            let columns = ["load"] + contests.map(\.title) + ["why the end-to-end time differs"]
            let rows = runs.loads.map { load in
                [load] + contests.map { standings(in: $0, at: load).text } + [reason(at: load)]
            }
            html += "<div class=\"scroll\" tabindex=\"0\">\(table(columns, rows, caption: "Winners by load"))</div>\n"
        }
        html += "<h3>How sure is that</h3>\n<ul>\n"
        for caveat in caveats { html += "<li>\(escaped(caveat))\n" }
        return html + "</ul>\n</section>\n"
    }

    func standings(in contest: Contest, at load: String) -> Standings {
        Standings(contest, runs, at: load)
    }

    /// One sentence for each contest: who wins at which loads.
    private var sentences: [String] {
        var sentences = [capacitySentence].compactMap(\.self)
        guard runs.series.count > 1 else { return sentences }
        for contest in contests.prefix(2) {
            var spans: [(winner: String, loads: [String])] = []
            for load in runs.loads {
                let winner = standings(in: contest, at: load).winnersText
                if spans.last?.winner == winner {
                    spans[spans.count - 1].loads.append(load)
                } else {
                    spans.append((winner, [load]))
                }
            }
            let clauses = spans.map { span -> String in
                let to = span.loads.count > 1 ? "from \(span.loads[0]) to \(span.loads.last!)" : "at \(span.loads[0])"
                return "\(span.winner) \(to)"
            }
            sentences.append(
                contest.title.prefix(1).uppercased() + contest.title.dropFirst()
                    + ": \(clauses.joined(separator: "; ")).")
        }
        return sentences
    }

    private var capacitySentence: String? {
        guard let slo = runs.runs[0].run.description.slo else { return nil }
        let clauses = runs.series.map { series in
            let met = runs.loads.last { load in
                let group = runs.runs(at: load, of: series)
                return !group.isEmpty && group.allSatisfy { $0.run.summary.meetsSLO == true }
            }
            return "\(series) \(met.map { "up to \($0)" } ?? "at none of these loads")"
        }
        return "\(slo.words) is kept by \(clauses.joined(separator: "; "))."
    }
}

/// A number that deployments compete in.
struct Contest {
    var title: String
    var metric: Metric
    var statistic: Statistic
    var mostWins = false

    func text(_ value: Double) -> String {
        metric.unit == .fraction ? "\(percent(value)) %" : Self.time(value)
    }

    /// In ms or, from one second on, in s.
    static func time(_ seconds: Double) -> String {
        abs(seconds) < 1 ? "\(readable(seconds * 1000)) ms" : "\(readable(seconds)) s"
    }

    /// What is too close to call without replications: half a percentage point, or one percent of the better.
    func isClose(_ value: Double, to best: Double) -> Bool {
        metric.unit == .fraction ? abs(value - best) < 0.005 : abs(value - best) < 0.01 * best
    }
}

/// How the deployments stand in a contest at one load. Overloaded ones are left out of contests in latency: what they
/// complete may be fast because most of it waits.
struct Standings {
    struct Entry {
        var series: String
        var mean: MeanInterval

        /// Half of the confidence interval; `nil` of one run.
        var halfWidth: Double? { mean.halfWidth(confidence: PageVerdict.confidence) }
    }

    let contest: Contest
    /// The best first.
    private(set) var entries: [Entry] = []
    private(set) var overloaded: [String] = []

    init(_ contest: Contest, _ runs: PageRuns, at load: String) {
        self.contest = contest
        for series in runs.series {
            let group = runs.runs(at: load, of: series)
            if contest.metric != .sloAttainment, group.contains(where: { $0.run.summary.saturation == .overloaded }) {
                overloaded.append(series)
                continue
            }
            let values = group.compactMap { $0.run.summary[contest.metric, contest.statistic] }
            if !values.isEmpty { entries.append(Entry(series: series, mean: MeanInterval(of: values))) }
        }
        // Of equals the one that was stored first stays first.
        entries = entries.enumerated().sorted { a, b in
            let (x, y) = (a.element.mean.mean, b.element.mean.mean)
            return x == y ? a.offset < b.offset : contest.mostWins ? x > y : x < y
        }.map(\.element)
    }

    /// The best, and those that cannot be told from it: with replications those whose intervals meet its own.
    var winners: [Entry] {
        guard let best = entries.first else { return [] }
        return entries.filter { entry in
            if let half = entry.halfWidth, let bestHalf = best.halfWidth {
                return abs(entry.mean.mean - best.mean.mean) <= half + bestHalf
            }
            return contest.isClose(entry.mean.mean, to: best.mean.mean)
        }
    }

    var winnersText: String {
        switch winners.count {
        case 0: overloaded.isEmpty ? "nobody" : "nobody (all overloaded)"
        case entries.count where entries.count > 1 && overloaded.isEmpty: "all alike"
        default: listed(winners.map(\.series))
        }
    }

    var text: String {
        guard let best = entries.first else { return winnersText }
        let half = best.halfWidth.map { " ± \(contest.text($0))" } ?? ""
        return "\(winnersText): \(contest.text(best.mean.mean))\(half)"
    }
}
