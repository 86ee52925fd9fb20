internal import Metrics

extension ComparisonTable {
    /// The table in plain words: who meets the SLO, who is fastest at what, and what stands in the way of comparing.
    public var verdict: String {
        [sloSentence, fastestSentence, overloadSentence, gpuSentence].compactMap(\.self).joined(separator: " ")
    }

    private func names(_ columns: [Column]) -> String { listed(columns.map { printable($0.deployment) }) }

    private var sloSentence: String? {
        guard let slo = columns[0].summary.slo else { return nil }
        func shares(_ columns: [Column]) -> String {
            listed(columns.map { "\(printable($0.deployment)) (\(percent($0.summary[.sloAttainment] ?? 0)) %)" })
        }
        let met = columns.filter { $0.summary.meetsSLO == true }
        let missed = columns.filter { $0.summary.meetsSLO == false }
        guard !met.isEmpty || !missed.isEmpty else { return nil }
        let parts = [met.isEmpty ? nil : "met by \(shares(met))", missed.isEmpty ? nil : "missed by \(shares(missed))"]
        return "SLO of \(slo.words): \(parts.compactMap(\.self).joined(separator: "; "))."
    }

    /// Overloaded runs are left out: what they complete may be fast because most of it waits.
    private var fastestSentence: String? {
        let candidates = columns.filter { $0.summary.saturation != .overloaded }
        guard columns.count > 1, !candidates.isEmpty else { return nil }
        let contests: [(String, Metric, Statistic)] = [
            ("lowest P99 TTFT", .ttft, .p99), ("lowest P99 TPOT", .tpot, .p99), ("lowest mean E2E", .endToEnd, .mean),
            ("cheapest output tokens", .costPerMillionOutputTokens, .value),
        ]
        // Contests with the same winners share a clause.
        var clauses: [(winners: String, titles: [String])] = []
        for (title, metric, statistic) in contests {
            let values = candidates.compactMap { $0.summary[metric, statistic] }
            guard let least = values.min() else { continue }
            let winners = candidates.filter { $0.summary[metric, statistic] == least }
            // A contest that all win says nothing.
            guard winners.count < columns.count else { continue }
            let text = names(winners)
            if let index = clauses.firstIndex(where: { $0.winners == text }) {
                clauses[index].titles.append(title)
            } else {
                clauses.append((text, [title]))
            }
        }
        guard !clauses.isEmpty else { return nil }
        let text = clauses.map { "\(listed($0.titles)): \($0.winners)" }.joined(separator: "; ")
        if candidates.count < columns.count { return "Of those not overloaded, \(text)." }
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    private var overloadSentence: String? {
        let overloaded = columns.filter { $0.summary.saturation == .overloaded }
        guard !overloaded.isEmpty else { return nil }
        return "Overloaded: \(names(overloaded)); latencies there grow with the length of the trace."
    }

    private var gpuSentence: String? {
        let counts = columns.map { $0.summary.count(.gpus) }
        guard counts.contains(where: { $0 != counts[0] }) else { return nil }
        return "GPUs differ (\(counts.map(String.init).joined(separator: ", "))): compare per GPU or by cost."
    }
}

/// "a", "a and b", "a, b and c".
func listed(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " and " + last
}
