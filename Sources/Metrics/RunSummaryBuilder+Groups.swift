extension RunSummaryBuilder {
    /// Of every class, then of every tenant.
    var groupSummaries: [GroupSummary] {
        summaries(.requestClass) { $0.className } + summaries(.tenant) { $0.tenant }
    }

    private func summaries(_ kind: GroupSummary.Kind, _ name: (RequestGroup) -> String?) -> [GroupSummary] {
        var names: [String] = []
        // By class index.
        let places: [Int?] = groups.map { group in
            guard let name = name(group) else { return nil }
            if let place = names.firstIndex(of: name) { return place }
            names.append(name)
            return names.count - 1
        }
        var summaries = names.map { name in
            GroupSummary(
                kind, name: name, limits: kind == .requestClass ? slo.map { $0.limits(ofClass: name) } : nil)
        }
        for (place, counts) in zip(places, groupCounts) {
            guard let place else { continue }
            summaries[place].arrived += counts.arrived
            summaries[place].completed += counts.completed
            if slo != nil { summaries[place].metSLO = (summaries[place].metSLO ?? 0) + counts.metSLO }
            summaries[place].promptTokens += counts.promptTokens
            summaries[place].outputTokens += counts.outputTokens
        }
        var samples = Array(repeating: (ttft: [Double](), tpot: [Double]()), count: names.count)
        for (request, group) in zip(completed, completedGroups) {
            guard let place = places[Int(group)] else { continue }
            samples[place].ttft.append(Double(request.timeToFirstToken) / 1e9)
            if let tpot = request.timePerOutputToken { samples[place].tpot.append(tpot) }
        }
        for place in summaries.indices {
            summaries[place].timeToFirstToken = .init(Distribution(of: samples[place].ttft))
            summaries[place].timePerOutputToken = .init(Distribution(of: samples[place].tpot))
        }
        return summaries
    }

    /// Entries about fairness; none for a workload that is not of several tenants or classes.
    func appendFairness(among groups: [GroupSummary], to entries: inout [SummaryEntry]) {
        let tenants = groups.filter { $0.kind == .tenant }
        let parties = (tenants.isEmpty ? groups : tenants).filter { $0.arrived > 0 }
        guard parties.count > 1 else { return }
        func append(_ metric: Metric, _ index: Double?) {
            entries.append(SummaryEntry(metric, .value, value: index, count: parties.count))
        }
        // Tokens over one duration: their index is that of their rates.
        if slo != nil { append(.attainmentFairness, jainIndex(of: parties.compactMap(\.attainment))) }
        append(.tokenFairness, jainIndex(of: parties.map { Double($0.outputTokens) }))
    }
}

extension RunSummaryBuilder.Completed {
    /// Seconds; `nil` for one token.
    var timePerOutputToken: Double? {
        outputTokens > 1 ? Double(endToEnd - timeToFirstToken) / 1e9 / Double(outputTokens - 1) : nil
    }
}
