internal import CostModels
internal import Foundation
internal import Metrics
internal import Planning
internal import Reporting
internal import Scenarios

/// A capacity plan as people and programs read it.
struct PlanReport {
    let answer: PlanSearch.Answer
    let load: ResolvedScenario
    let requests: Int
    let space: PlanSpace
    /// `nil` where nothing was drawn at random.
    let confidence: Double?
    /// Board power of each device on offer, watts.
    let power: [String: Double]
    let carbonIntensity: Double?
    let wallSeconds: Double
    /// Of the cheapest arrangement.
    let flags: [String]

    func rendered(as format: ReportFormat) -> String {
        switch format {
        case .csv: candidates.rendered(as: .csv)
        case .json: json
        case .text: text
        }
    }

    private var text: String {
        var text = summary + "\n\n"
        if answer.confirmed.isEmpty {
            text += "no arrangement of up to \(space.maximumGPUs) GPUs was confirmed to meet the SLO\n"
        } else {
            text += candidates.rendered(as: .text)
            text += "\nflags of the cheapest:\n" + flags.map { "  \($0)\n" }.joined()
        }
        text += "\ntokens/s/GPU against tokens/s/user, not dominated:\n" + speedFront.rendered(as: .text)
        text += "\ncost against attainment, not dominated:\n" + costFront.rendered(as: .text)
        return text + "\n" + notes.map { "note: \($0)\n" }.joined()
    }

    private var summary: String {
        let rate = load.workload.requestsPerSecond.map { "\($0) requests/s" } ?? "the trace's rate"
        let slo = load.slo.map {
            "TTFT \($0.timeToFirstToken) s and TPOT \($0.timePerOutputToken) s for \(decimal($0.attainmentTarget * 100, 1)) %"
        }
        let rungs = answer.rungFamilies.map(String.init).joined(separator: ", ")
        return """
            \(load.model.id) at \(rate), \(requests) requests; SLO \(slo ?? "none")
            \(answer.families) families of arrangements, \(rungs) looked at on longer and longer traces, \(answer.runs) runs in \
            \(decimal(wallSeconds, 1)) s\(answer.isCutShort ? "; cut short by the budget" : "")
            """
    }

    private var notes: [String] {
        var notes = [
            confidence.map {
                "the arrangements listed meet the SLO with \(decimal($0 * 100, 1)) % confidence in all verdicts together"
            }
                ?? "nothing was drawn at random: the verdicts hold for this trace alone",
            "energy: power is not modelled; Wh is what the GPUs would take at full board power (datasheet), an upper bound;"
                + " measured power covers 0 % of it; hosts and cooling are left out",
            carbonIntensity == nil
                ? "gCO2: no carbon intensity given; --carbon-intensity takes grams for a kWh"
                : "gCO2: at the carbon intensity given, of the upper bound of energy",
        ]
        for left in answer.impossible {
            notes.append("left out, \(left.device) \(left.parallelism): \(left.reason)")
        }
        return notes
    }

    /// Dollars, watt-hours and grams for a million tokens, prompt and output.
    private func energy(_ candidate: PlanCandidate) -> Double? {
        guard let rate = candidate.mean(\.tokensPerSecond), rate > 0, let watts = power[candidate.arrangement.device]
        else { return nil }
        return watts * Double(candidate.arrangement.gpus) / rate * 1e6 / 3600
    }

    private var candidates: Listing {
        var table = Listing([
            "rank", "arrangement", "GPUs", "$/h", "attainment", "+-", "TTFT met", "TPOT met", "one fewer fails on",
            "$/M tokens", "Wh/M tokens <=", "gCO2/M tokens <=", "tokens/s/GPU", "tokens/s/user",
        ])
        for (index, candidate) in answer.confirmed.enumerated() {
            table.append(["\(index + 1)"] + cells(of: candidate))
        }
        return table
    }

    private func cells(of candidate: PlanCandidate) -> [String] {
        let grams = carbonIntensity.flatMap { intensity in energy(candidate).map { $0 / 1000 * intensity } }
        return [
            candidate.arrangement.name, "\(candidate.arrangement.gpus)", decimal(candidate.pricePerHour, 2),
            decimal(candidate.attainment, 4), number(confidence.flatMap { halfWidth(candidate, $0) }, 4),
            share(candidate) { $0.metTTFT }, share(candidate) { $0.metTPOT }, candidate.binding?.rawValue ?? "chance",
            number(candidate.dollarsPerMillionTokens, 3), number(energy(candidate), 0), number(grams, 0),
            number(perGPU(candidate), 0), number(perUser(candidate), 1),
        ]
    }

    private func halfWidth(_ candidate: PlanCandidate, _ confidence: Double) -> Double? {
        GoodputPoint(rate: 0, verdict: candidate.verdict, samples: candidate.samples.map(\.attainment))
            .halfWidth(confidence: confidence)
    }

    private func share(_ candidate: PlanCandidate, _ met: (AttainmentSample) -> Int) -> String {
        let samples = candidate.samples.map(\.attainment)
        let total = samples.reduce(0) { $0 + $1.requests }
        return decimal(Double(samples.reduce(0) { $0 + met($1) }) / Double(max(1, total)), 4)
    }

    private func perGPU(_ candidate: PlanCandidate) -> Double? {
        candidate.mean(\.outputTokensPerSecond).map { $0 / Double(candidate.arrangement.gpus) }
    }

    private func perUser(_ candidate: PlanCandidate) -> Double? {
        candidate.mean(\.timePerOutputToken).flatMap { $0 > 0 ? 1 / $0 : nil }
    }

    private var speedFront: Listing {
        let known = answer.measured.filter { perGPU($0) != nil && perUser($0) != nil }
        let front = ParetoFront.maximal(known.map { (x: perGPU($0) ?? 0, y: perUser($0) ?? 0) })
        var table = Listing(["arrangement", "tokens/s/GPU", "tokens/s/user", "attainment"])
        for candidate in front.map({ known[$0] }) {
            table.append([
                candidate.arrangement.name, number(perGPU(candidate), 0), number(perUser(candidate), 1),
                decimal(candidate.attainment, 4),
            ])
        }
        return table
    }

    private var costFront: Listing {
        let front = ParetoFront.maximal(answer.measured.map { (x: -$0.pricePerHour, y: $0.attainment) })
        var table = Listing(["arrangement", "$/h", "attainment", "bound by"])
        for candidate in front.reversed().map({ answer.measured[$0] }) {
            table.append([
                candidate.arrangement.name, decimal(candidate.pricePerHour, 2), decimal(candidate.attainment, 4),
                candidate.binding?.rawValue ?? "-",
            ])
        }
        return table
    }

    private func number(_ value: Double?, _ places: Int) -> String { value.map { decimal($0, places) } ?? "-" }

    private var json: String {
        func entry(_ candidate: PlanCandidate) -> JSONText {
            .object([
                ("arrangement", .string(candidate.arrangement.name)),
                ("device", .string(candidate.arrangement.device)), ("policy", .string(candidate.arrangement.policy)),
                ("tensorParallelism", .integer(candidate.arrangement.tensorParallelism)),
                ("pipelineParallelism", .integer(candidate.arrangement.pipelineParallelism)),
                ("instances", .integer(candidate.arrangement.instances)),
                ("gpus", .integer(candidate.arrangement.gpus)),
                ("deployments", .string(candidate.arrangement.deploymentsText)),
                ("pricePerHour", .number(candidate.pricePerHour)), ("attainment", .number(candidate.attainment)),
                ("replications", .integer(candidate.samples.count)), ("verdict", .string(candidate.verdict.rawValue)),
                ("binding", JSONText(candidate.binding?.rawValue)),
                ("dollarsPerMillionTokens", JSONText(candidate.dollarsPerMillionTokens)),
                ("wattHoursPerMillionTokensAtMost", JSONText(energy(candidate))),
                ("outputTokensPerSecondPerGPU", JSONText(perGPU(candidate))),
                ("tokensPerSecondPerUser", JSONText(perUser(candidate))),
            ])
        }
        return JSONText.object([
            ("model", .string(load.model.id)), ("requests", .integer(requests)),
            ("confidence", JSONText(confidence)), ("families", .integer(answer.families)),
            ("runs", .integer(answer.runs)), ("isCutShort", .bool(answer.isCutShort)),
            ("confirmed", .array(answer.confirmed.map(entry))), ("measured", .array(answer.measured.map(entry))),
            ("flags", .array(flags.map { .string($0) })), ("notes", .array(notes.map { .string($0) })),
        ]).text() + "\n"
    }
}
