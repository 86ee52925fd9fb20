internal import EventKernel

extension RunSummaryBuilder {
    /// The summary of a run that ended with `outcome`.
    public func summary(of outcome: RunOutcome) -> RunSummary {
        var entries: [SummaryEntry] = []
        appendDistributions(to: &entries)
        func append(_ metric: Metric, _ value: Double?, count: Int = 1) {
            entries.append(SummaryEntry(metric, .value, value: value, count: count))
        }

        let arrived = completed.count + unfinished.count + rejectedCount + lostCount
        let duration = completed.isEmpty ? nil : (lastCompletion - firstArrival).seconds
        func perSecond(_ amount: Int) -> Double? { duration.flatMap { $0 > 0 ? Double(amount) / $0 : nil } }
        let gpus = outcome.instances.reduce(0) { $0 + $1.gpus }
        let dollars = pricePerHour.flatMap { price in duration.map { price * $0 / 3600 } }
        func perMillion(_ tokens: Int) -> Double? { dollars.flatMap { tokens > 0 ? $0 / Double(tokens) * 1e6 : nil } }

        append(.requestThroughput, perSecond(completed.count), count: completed.count)
        append(.outputTokenThroughput, perSecond(outputTokens), count: completed.count)
        append(.totalTokenThroughput, perSecond(promptTokens + outputTokens), count: completed.count)
        append(
            .outputTokenThroughputPerGPU, perSecond(outputTokens).flatMap { gpus > 0 ? $0 / Double(gpus) : nil },
            count: completed.count)
        append(.goodput, slo == nil ? nil : perSecond(metSLO), count: metSLO)
        append(.sloAttainment, slo == nil || arrived == 0 ? nil : Double(metSLO) / Double(arrived), count: arrived)
        let groupSummaries = groupSummaries
        appendFairness(among: groupSummaries, to: &entries)

        append(.kvPeakFraction, kvPeakFraction(of: outcome), count: outcome.instances.count)
        append(.busyFraction, busyFraction(of: outcome), count: outcome.instances.count)
        if let cache = prefixCache(of: outcome) {
            append(.prefixHitRate, cache.firstHitRate, count: cache.firstTokens)
            append(.prefixHitRateCumulative, cache.hitRate, count: cache.tokens)
        }
        for (phase, total, longest) in [
            (\InstanceRecord.prefillStarvation, Metric.prefillStarved, Metric.prefillStarvedLongest),
            (\InstanceRecord.decodeStarvation, Metric.decodeStarved, Metric.decodeStarvedLongest),
        ] {
            guard let starvation = Self.starvation(outcome.instances.compactMap { $0[keyPath: phase] }) else {
                continue
            }
            append(total, starvation.total.seconds, count: starvation.spells)
            append(longest, starvation.longest.seconds, count: starvation.spells)
        }
        append(.gpus, Double(gpus))
        append(.costPerMillionOutputTokens, perMillion(outputTokens), count: completed.count)
        append(.costPerMillionTokens, perMillion(promptTokens + outputTokens), count: completed.count)
        append(.saturation, saturation(end: outcome.end).map { Double($0.rank) }, count: arrived)

        append(.duration, duration)
        append(.arrived, Double(arrived))
        append(.completed, Double(completed.count))
        append(.rejected, Double(rejectedCount))
        append(.unfinished, Double(unfinished.count))
        append(.lost, Double(lostCount))
        append(.singleToken, Double(completed.count { $0.outputTokens == 1 }))
        append(.preempted, Double(preemptedCount))
        append(.preemptions, Double(preemptions))
        append(.promptTokens, Double(promptTokens))
        append(.outputTokens, Double(outputTokens))

        for (metric, sum) in zip(Metric.latencyParts, partTotals.inOrder) {
            let mean = completed.isEmpty ? nil : Double(sum) / Double(completed.count) / 1e9
            entries.append(SummaryEntry(metric, .mean, value: mean, count: completed.count))
        }
        appendProvenance(of: outcome, to: &entries)
        return RunSummary(entries: entries, slo: slo, groups: groupSummaries)
    }

    private func appendDistributions(to entries: inout [SummaryEntry]) {
        func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1e9 }
        func append(_ metric: Metric, _ distribution: Distribution) {
            for statistic in Statistic.ofDistributions {
                let value = distribution[statistic]
                entries.append(SummaryEntry(metric, statistic, value: value, count: distribution.count))
            }
        }
        append(.ttft, Distribution(of: completed.map { seconds($0.timeToFirstToken) }))
        append(
            .tpot,
            Distribution(
                of: completed.compactMap(\.timePerOutputToken)))
        append(.itl, gaps.distribution)
        append(.endToEnd, Distribution(of: completed.map { seconds($0.endToEnd) }))
        append(.normalisedLatency, Distribution(of: completed.map { seconds($0.endToEnd) / Double($0.outputTokens) }))
        append(.queueTime, Distribution(of: completed.map { seconds($0.queueTime) }))
    }

    /// Of all instances that have the phase; `nil` if none has.
    private static func starvation(_ records: [StarvationRecord]) -> StarvationRecord? {
        if records.isEmpty { return nil }
        var sum = StarvationRecord()
        for record in records { sum += record }
        return sum
    }

    /// Of all instances that cache prefixes; `nil` if none does.
    private func prefixCache(of outcome: RunOutcome) -> PrefixCacheRecord? {
        outcome.instances.compactMap(\.prefixCache).reduce(nil) { ($0 ?? PrefixCacheRecord()) + $1 }
    }

    private func kvPeakFraction(of outcome: RunOutcome) -> Double? {
        outcome.instances.filter { $0.totalBlocks > 0 }.map { Double($0.peakBlocks) / Double($0.totalBlocks) }.max()
    }

    private func busyFraction(of outcome: RunOutcome) -> Double? {
        let gpus = outcome.instances.reduce(0) { $0 + $1.gpus }
        guard gpus > 0, outcome.end > firstArrival else { return nil }
        let busy = outcome.instances.reduce(0) { $0 + max($1.prefillBusy, $1.decodeBusy).seconds * Double($1.gpus) }
        return busy / (outcome.end - firstArrival).seconds / Double(gpus)
    }

    private func saturation(end: SimulationTime) -> SaturationVerdict? {
        var requests: [SaturationVerdict.Waiting] = []
        requests.reserveCapacity(completed.count + unfinished.count)
        for request in completed {
            let waited = SimulationDuration(rounding: Double(max(0, request.waiting)))
            requests.append(
                .init(
                    arrivalNanoseconds: request.arrival, waitedNanoseconds: waited.nanoseconds, isFinished: true))
        }
        for request in unfinished {
            requests.append(
                .init(
                    arrivalNanoseconds: request.arrival,
                    waitedNanoseconds: end.nanoseconds - request.arrival - request.run, isFinished: false))
        }
        return SaturationVerdict(requests)
    }

    private func appendProvenance(of outcome: RunOutcome, to entries: inout [SummaryEntry]) {
        let seconds = outcome.provenanceSeconds
        precondition(
            seconds.count == Metric.provenanceShares.count, "\(seconds.count) kinds of provenance, not known here")
        let total = seconds.reduce(0, +)
        for (metric, part) in zip(Metric.provenanceShares, seconds) {
            entries.append(SummaryEntry(metric, .value, value: total > 0 ? part / total : nil, count: 1))
        }
    }
}
