internal import Metrics
internal import ResultStore
internal import Statistics

extension PageVerdict {
    private static let partNames = [
        "queue", "prefill", "prefill stalled", "KV transfer", "wait for decode", "decode", "decode stalled",
        "preempted",
    ]

    /// How the mean end-to-end time of the winner differs from that of the next, part by part: the parts sum to it, so the
    /// differences sum to the lead.
    func reason(at load: String) -> String {
        let contest = Contest(title: "", metric: .endToEnd, statistic: .mean)
        let entries = standings(in: contest, at: load).entries
        guard entries.count > 1 else { return entries.isEmpty ? "" : "all others are overloaded" }
        let (winner, next) = (entries[0], entries[1])
        func mean(_ part: Metric, _ series: String) -> Double {
            let values = runs.runs(at: load, of: series).compactMap { $0.run.summary[part, .mean] }
            return values.isEmpty ? 0 : MeanInterval(of: values).mean
        }
        var saved: [(name: String, seconds: Double)] = []
        for (part, name) in zip(Metric.latencyParts, Self.partNames) {
            saved.append((name, mean(part, next.series) - mean(part, winner.series)))
        }
        let lead = next.mean.mean - winner.mean.mean
        // Parts of less than a tenth of the largest difference explain nothing.
        let least = (saved.map { abs($0.seconds) }.max() ?? 0) / 10
        let gains = saved.filter { $0.seconds > least }.sorted { $0.seconds > $1.seconds }
        let losses = saved.filter { $0.seconds < -least }.sorted { $0.seconds < $1.seconds }
        func words(_ parts: [(name: String, seconds: Double)], _ sign: String) -> String {
            listed(parts.prefix(2).map { "\($0.name) \(sign)\(Contest.time(abs($0.seconds)))" })
        }
        var text = "\(winner.series) is \(Contest.time(lead)) faster than \(next.series)"
        if !gains.isEmpty { text += ": \(words(gains, "−"))" }
        if !losses.isEmpty { text += ", against \(words(losses, "+"))" }
        return text
    }

    /// What stands between these numbers and certainty.
    var caveats: [String] {
        [chance, prices, overload, notServed, starvation, mixed, repeats].compactMap(\.self)
    }

    private var chance: String {
        if runs.replications == 1 {
            return """
                Chance: one run each, so nothing here says how far another draw of the same workload would move it. \
                Leads below 1 % (half a percentage point of requests) are called alike.
                """
        }
        return """
            Chance: up to \(runs.replications) runs each. Intervals are 95 % confidence intervals of the mean over them \
            (Student's t); deployments whose intervals meet are called alike.
            """
    }

    private var prices: String? {
        let words = [
            "measured", "interpolated between measurements", "extrapolated from measurements",
            "analytic (a model with fitted efficiencies)", "given",
        ]
        let shares = zip(Metric.provenanceShares, words).compactMap { metric, word -> String? in
            let values = runs.runs.compactMap { $0.run.summary[metric] }
            guard let least = values.min(), let most = values.max(), most > 0 else { return nil }
            let range = percent(least) == percent(most) ? percent(most) : "\(percent(least)) to \(percent(most))"
            return "\(range) % \(word)"
        }
        return shares.isEmpty ? nil : "Prices of iterations, by share of their time: \(listed(shares))."
    }

    private var overload: String? {
        let clauses = runs.series.compactMap { series -> String? in
            let loads = runs.loads.filter { load in
                runs.runs(at: load, of: series).contains { $0.run.summary.saturation == .overloaded }
            }
            return loads.isEmpty ? nil : "\(series) at \(listed(loads))"
        }
        guard !clauses.isEmpty else { return nil }
        return """
            Overloaded: \(clauses.joined(separator: "; ")). Latencies there grow with the length of the trace and take no \
            part in contests.
            """
    }

    private var notServed: String? {
        let clauses = runs.runs.compactMap { run -> String? in
            let counts = [(Metric.rejected, "rejected"), (.unfinished, "unfinished"), (.lost, "lost")]
                .filter { run.run.summary.count($0.0) > 0 }
                .map { "\(run.run.summary.count($0.0)) \($0.1)" }
            return counts.isEmpty ? nil : "\(run.series) at \(run.load): \(listed(counts))"
        }
        return clauses.isEmpty ? nil : "Not served: \(clauses.prefix(8).joined(separator: "; "))."
    }

    private var starvation: String? {
        let phases = [
            ("prefill", Metric.prefillStarved, Metric.prefillStarvedLongest),
            ("decode", .decodeStarved, .decodeStarvedLongest),
        ]
        let clauses = runs.runs.compactMap { run -> String? in
            let starved = phases.compactMap { phase, total, longest -> String? in
                guard let total = run.run.summary[total], total > 0, let longest = run.run.summary[longest] else {
                    return nil
                }
                return "\(phase) \(Contest.time(total)), \(Contest.time(longest)) at a stretch"
            }
            return starved.isEmpty ? nil : "\(run.series) at \(run.load): \(starved.joined(separator: ", "))"
        }
        guard !clauses.isEmpty else { return nil }
        return "Without free KV blocks, over all instances: \(clauses.prefix(8).joined(separator: "; "))."
    }

    private var mixed: String? {
        let descriptions = runs.runs.map(\.run.description)
        var differences: [String] = []
        if Set(descriptions.map(\.name)).count > 1 { differences.append("scenario") }
        if Set(descriptions.map(\.slo)).count > 1 { differences.append("SLO") }
        if Set(descriptions.map(\.revision)).count > 1 { differences.append("version of phasewise") }
        if Set(runs.runs.map(\.run.gpus)).count > 1 { differences.append("number of GPUs") }
        if differences.isEmpty { return nil }
        return "These runs differ in more than deployment, load and draw: \(listed(differences)). Compare with care."
    }

    private var repeats: String? {
        guard !runs.repeated.isEmpty else { return nil }
        return
            "Left out, since a later run repeats them event for event: runs \(listed(runs.repeated.map(String.init)))."
    }
}
