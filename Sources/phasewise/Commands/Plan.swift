internal import ArgumentParser
internal import CostModels
internal import Diagnostics
internal import Foundation
internal import Metrics
internal import Planning
internal import Profiles
internal import Reporting
internal import Scenarios
internal import Simulator
internal import Workloads

struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Finds the cheapest GPUs that serve a load within the SLO.",
        discussion: """
            Searches over devices on offer, tensor and pipeline parallelism, instances, policies, shares of prefill \
            instances or of SMs, and limits of chunks and batches, by successive halving. What is printed as meeting the SLO \
            does so with the stated confidence. With --journal, a plan that was broken off goes on where it was.

            Example:
              phasewise plan --model llama-3-70b --devices a100-80,h100-sxm,h200-sxm \
            --generate azure-conv --rate 20 --ttft 2 --tpot 0.1 --budget 60
            """)

    @OptionGroup var scenario: ScenarioOptions
    @Option(help: "Devices on offer, separated by commas. Default: --device, or the scenario's.") var devices: String?
    @Option(help: "USD for one GPU for one hour, as in a100-80=1.2,h200-sxm=3. Default: the device profiles'.")
    var prices: String?
    @Option(help: "Policies, separated by commas.") var policies = "vllm-v1,distserve,semi-pd"
    @Option(help: "Degrees of tensor parallelism, separated by commas.") var tp = "1,2,4,8"
    @Option(help: "Numbers of pipeline stages, separated by commas; semi-PD has one.") var pp = "1"
    @Option(help: "Tokens of an iteration to try besides each policy's default.") var chunks = "512,2048"
    @Option(help: "Sequences in an iteration to try besides each policy's default.") var batches = "256"
    @Option(help: "Shares of the instances that prefill, of disaggregated policies.")
    var prefillShares = "0.25,0.34,0.5,0.67"
    @Option(help: "SM caps of prefill and decode in percent, of semi-PD.") var partitions = "100/100,50/100,60/80,80/60"
    @Option(help: "The most GPUs.") var maxGpus = 64
    @Option(help: "How many arrangements to confirm.") var top = 5
    @Option(help: "Confidence of the verdicts on the arrangements that are printed.") var confidence = 0.95
    @Option(help: "The most replications of one arrangement.") var replications = 12
    @Option(help: "Seconds after which the search ends with what it has, as in 60 or 60s.") var budget = "60s"
    @Option(help: "File that keeps every run, so that the plan can go on later.") var journal: String?
    @Option(help: "Grams of CO2 for a kWh of the electricity used.") var carbonIntensity: Double?
    @Option(help: "Runs at the same time. Default: one on each core.") var jobs: Int?
    @Option(help: "Format of the answer on standard output: text, csv or json.") var format = ReportFormat.text
    @Flag(name: .shortAndLong, help: "No progress and no notes on standard error.") var quiet = false

    /// Requests of the full load where the scenario does not say.
    private static let defaultRequests = 2000
    private static let leastReplications = 3
    /// Arrangements that are judged at full length, at most; they share the allowed error.
    private static let mostVerdicts = 60

    func validate() throws {
        if seconds == nil { throw ValidationError("found --budget \(budget), expected seconds as in 60s") }
        if maxGpus < 1 || top < 1 || replications < 1 {
            throw ValidationError("found --max-gpus, --top or --replications below 1, expected 1 or more")
        }
        if let jobs, jobs < 1 { throw ValidationError("found --jobs \(jobs), expected 1 or more") }
        if !(confidence > 0 && confidence < 1) {
            throw ValidationError("found --confidence \(confidence), expected a share between 0 and 1")
        }
    }

    private var seconds: Double? {
        Double(budget.hasSuffix("s") ? String(budget.dropLast()) : budget).flatMap { $0 > 0 ? $0 : nil }
    }

    func run() throws {
        let started = Date()
        let evaluator = Evaluator(try Workspace(profiles: scenario.profiles))
        let space = try space(in: evaluator.workspace)
        let document = try load(for: space)
        let plan = PlanEvaluator(
            document: document, evaluator: evaluator, parallel: Parallel(workers: jobs),
            journal: try PlanJournal(path: journal))
        // What is wrong with the load itself is wrong with every arrangement.
        let load = try plan.resolve(space.families[0])
        guard let slo = load.scenario.slo else {
            throw InputError(at: nil, "found no SLO, expected one", help: "give --ttft and --tpot")
        }
        let requests = try evaluator.trace(of: load).requests.count
        let isDrawn = ScenarioWorkload(load).isDrawn
        let search = PlanSearch(
            space: space,
            test: AttainmentTest(
                target: slo.attainmentTarget, confidence: confidence,
                looks: isDrawn
                    ? AttainmentTest.looks(from: min(Self.leastReplications, replications), to: replications) : [1],
                points: max(top, Self.mostVerdicts)),
            rungs: [requests / 8, requests / 3, requests].filter {
                $0 >= SaturationVerdict.requestsNeeded || $0 == requests
            },
            wanted: top)
        let progress = PlanProgress(budget: seconds ?? 0, isQuiet: quiet)
        let answer = try search.run(
            isOutOfTime: { Date().timeIntervalSince(started) > seconds ?? 0 },
            measure: { runs in
                progress.show(runs: runs.count)
                return try plan.measure(runs)
            })
        progress.end()
        let report = PlanReport(
            answer: answer, load: load.scenario, requests: requests, space: space,
            confidence: isDrawn ? confidence : nil, power: try powers(in: evaluator.workspace),
            carbonIntensity: carbonIntensity, wallSeconds: Date().timeIntervalSince(started),
            flags: try answer.confirmed.first.map {
                EngineFlags.lines(
                    of: try plan.resolve($0.arrangement).scenario.deployments[0], model: load.scenario.model.id)
            } ?? [])
        try Terminal.write(report.rendered(as: format))
    }

    /// The scenario without deployments: workload, model, SLO. Arrivals are drawn unless the user says otherwise.
    private func load(for space: PlanSpace) throws -> ScenarioDocument {
        var document = try scenario.document(policies: [], policiesFlag: "--policies")
        try document.set("none", at: "equal")
        if scenario.scenario == nil, scenario.requests == nil, scenario.generate != nil {
            try document.set("\(Self.defaultRequests)", at: "workload.requests")
        }
        if scenario.arrivals == nil { try document.set("poisson", at: "workload.arrivals") }
        return document
    }

    private func space(in workspace: Workspace) throws -> PlanSpace {
        let names = (devices ?? scenario.device ?? "").split(separator: ",").map(String.init)
        guard !names.isEmpty else { throw ValidationError("found no --devices, expected at least one") }
        var given: [String: Double] = [:]
        for pair in (prices ?? "").split(separator: ",") {
            let parts = pair.split(separator: "=")
            guard parts.count == 2, let price = Double(parts[1]), price >= 0, names.contains(String(parts[0])) else {
                throw InputError(
                    at: SourceLocation(file: "--prices", line: 1, column: 1),
                    "found \"\(pair)\", expected DEVICE=USD with one of \(names.joined(separator: ", "))")
            }
            given[String(parts[0])] = price
        }
        let offers = try names.map { name in
            let place = SourceLocation(file: "--devices", line: 1, column: 1)
            let profile = try workspace.catalog.device(name, at: place).value
            return PlanSpace.Offer(device: name, pricePerHour: given[name] ?? profile.pricePerHour)
        }
        var space = PlanSpace(
            offers: offers, policies: try policies.split(separator: ",").map { try policy(String($0)) },
            tensorParallelism: try numbers(tp, "--tp", in: 1...64),
            chunks: try numbers(chunks, "--chunks", in: 1...1_048_576),
            sequences: try numbers(batches, "--batches", in: 1...65_536),
            prefillShares: try prefillShares.split(separator: ",").map { text in
                guard let share = Double(text), share > 0, share < 1 else {
                    throw InputError(
                        at: SourceLocation(file: "--prefill-shares", line: 1, column: 1),
                        "found \"\(text)\", expected shares between 0 and 1")
                }
                return share
            },
            partitions: try partitions.split(separator: ",").map { text in
                let caps = text.split(separator: "/").compactMap { Int($0) }
                guard caps.count == 2, caps.allSatisfy({ (1...100).contains($0) }) else {
                    throw InputError(
                        at: SourceLocation(file: "--partitions", line: 1, column: 1),
                        "found \"\(text)\", expected two percentages as in 60/80")
                }
                return Arrangement.Partition(prefillPercent: caps[0], decodePercent: caps[1])
            }, maximumGPUs: maxGpus)
        space.pipelineParallelism = try numbers(pp, "--pp", in: 1...64)
        return space
    }

    private func numbers(_ text: String, _ flag: String, in range: ClosedRange<Int>) throws -> [Int] {
        try text.split(separator: ",").map { word in
            guard let number = Int(word), range.contains(number) else {
                throw InputError(
                    at: SourceLocation(file: flag, line: 1, column: 1),
                    "found \"\(word)\", expected whole numbers from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    private func policy(_ id: String) throws -> PlanSpace.Policy {
        guard let description = PolicyCatalog.policy(id) else {
            let nearest = nearestMatch(to: id, among: PolicyCatalog.ids)
            throw InputError(
                at: SourceLocation(file: "--policies", line: 1, column: 1),
                "found no policy \"\(id)\", expected one of \(PolicyCatalog.ids.joined(separator: ", "))",
                help: nearest.map { "did you mean \"\($0)\"?" })
        }
        let parameters = description.parts[0].parameters
        func name(_ meanings: [PolicyParameter.Meaning]) -> String? {
            parameters.first { meanings.contains($0.meaning) }?.name
        }
        let kind: PlanSpace.Policy.Kind =
            description.roles.contains(.semiPD) ? .semiPD : description.roles.count > 1 ? .disaggregated : .unified
        return PlanSpace.Policy(
            id: id, kind: kind, chunkParameter: name([.tokenBudget, .prefillBudget]),
            sequencesParameter: name([.sequenceLimit]))
    }

    private func powers(in workspace: Workspace) throws -> [String: Double] {
        let names = (devices ?? scenario.device ?? "").split(separator: ",").map(String.init)
        return Dictionary(
            try names.map { ($0, try workspace.catalog.device($0).value.boardPowerWatts) },
            uniquingKeysWith: { a, _ in a })
    }
}

/// Tells a waiting user how far a plan is.
private final class PlanProgress {
    private let budget: Double
    private let isShown: Bool
    private let started = Date()
    private var runs = 0
    private var hasShown = false

    init(budget: Double, isQuiet: Bool) {
        self.budget = budget
        isShown = !isQuiet && Terminal.errorIsTerminal
    }

    func show(runs more: Int) {
        runs += more
        let elapsed = Date().timeIntervalSince(started)
        guard isShown, elapsed > 1 else { return }
        hasShown = true
        Terminal.overwrite("planning: \(runs) runs, at most \(Int(max(0, budget - elapsed).rounded(.up))) s left")
    }

    func end() {
        if hasShown { Terminal.overwrite("") }
    }
}
