internal import Metrics

/// Finds the cheapest arrangements that meet an SLO under a load, by successive halving (Jamieson and Talwalkar 2016).
///
/// Costs are known beforehand; only whether an arrangement meets the SLO is not. So every family of arrangements, which
/// differ in their number of instances alone, is first given the fewest instances that do on a short trace; the dearer
/// part of the families is dropped, the trace grows, and what is left is looked at again. What survives is confirmed at
/// full length from the cheapest up. Families are compared by cost alone, so a family that a short trace flatters costs
/// time, not the answer; one that a short trace wrongs by more than `margin` is lost.
public struct PlanSearch: Sendable {
    public var space: PlanSpace
    public var test: AttainmentTest
    /// Requests of each rung, ascending; the last is the full load.
    public var rungs: [Int]
    /// Arrangements to confirm.
    public var wanted: Int

    /// The share of the families that each rung keeps, at least.
    static let kept = 1.0 / 3
    /// And all that cost at most so many times the cheapest.
    static let margin = 1.25

    public init(space: PlanSpace, test: AttainmentTest, rungs: [Int], wanted: Int) {
        precondition(!rungs.isEmpty && wanted >= 1, "a search without rungs or wishes")
        self.space = space
        self.test = test
        self.rungs = rungs
        self.wanted = wanted
    }

    /// How the search went.
    public struct Answer: Hashable, Sendable {
        /// Arrangements that meet the SLO with the confidence, cheapest first.
        public var confirmed: [PlanCandidate] = []
        /// Everything measured at full length, in the order in which it was.
        public var measured: [PlanCandidate] = []
        /// Families of the search space.
        public var families = 0
        /// Why families cannot run, one reason for each device and degree of tensor parallelism.
        public var impossible: [Impossibility] = []
        /// Families that were looked at on each rung.
        public var rungFamilies: [Int] = []
        public var runs = 0
        /// Whether time or verdicts ran out before the wanted number of arrangements was confirmed.
        public var isCutShort = false
    }

    /// Arrangements that cannot be simulated.
    public struct Impossibility: Hashable, Sendable {
        public var device: String
        /// As `Arrangement.parallelism`.
        public var parallelism: String
        /// Of the first of them.
        public var reason: String
    }

    /// - Parameters:
    ///   - isOutOfTime: asked between batches of runs; the search then ends with what it has.
    ///   - measure: simulates runs, in any order or all at once, and answers in theirs.
    public func run(
        isOutOfTime: () -> Bool, measure: ([PlanRun]) throws -> [PlanOutcome]
    ) rethrows -> Answer {
        var answer = Answer()
        var families = space.families
        answer.families = families.count
        for requests in rungs {
            if isOutOfTime() { break }
            answer.rungFamilies.append(families.count)
            families = try fewestInstances(families, requests: requests, &answer, isOutOfTime, measure)
            families = survivors(of: families)
        }
        try confirm(families, &answer, isOutOfTime, measure)
        // Of equal cost, the one that leaves more room.
        answer.confirmed = answer.confirmed.enumerated().sorted { a, b in
            (a.element.pricePerHour, -a.element.attainment, a.offset) < (
                b.element.pricePerHour, -b.element.attainment, b.offset
            )
        }.map(\.element)
        return answer
    }

    private func cost(_ arrangement: Arrangement) -> Double { space.pricePerHour(of: arrangement) }

    /// In order of cost; of equal cost, in the order of the space.
    private func survivors(of families: [Arrangement]) -> [Arrangement] {
        let ranked = families.enumerated().sorted { (cost($0.element), $0.offset) < (cost($1.element), $1.offset) }
            .map(\.element)
        guard let cheapest = ranked.first else { return [] }
        let number = max(wanted, Int((Double(ranked.count) * Self.kept).rounded(.up)))
        var seenDevices: [String] = []
        return ranked.enumerated().filter { rank, family in
            // The cheapest of each device stays, as an alternative to show.
            let isFirst = !seenDevices.contains(family.device)
            if isFirst { seenDevices.append(family.device) }
            return isFirst || rank < number || cost(family) <= Self.margin * cost(cheapest)
        }.map(\.element)
    }

    /// Every family with the fewest instances that meet the target in one run; families that cannot are left out.
    ///
    /// All families take a step at a time, so that each step is one batch of runs.
    private func fewestInstances(
        _ families: [Arrangement], requests: Int, _ answer: inout Answer, _ isOutOfTime: () -> Bool,
        _ measure: ([PlanRun]) throws -> [PlanOutcome]
    ) rethrows -> [Arrangement] {
        var searches = families.map { InstanceSearch($0, maximumGPUs: space.maximumGPUs) }
        while !isOutOfTime() {
            let open = searches.indices.filter { searches[$0].next != nil }
            if open.isEmpty { break }
            let runs = open.compactMap { index in
                searches[index].next.map {
                    PlanRun(arrangement: families[index].with(instances: $0), requests: requests, replication: 0)
                }
            }
            answer.runs += runs.count
            for (index, outcome) in zip(open, try measure(runs)) {
                switch outcome {
                case .impossible(let reason):
                    searches[index].giveUp()
                    answer.note(families[index], reason)
                case .sample(let sample): searches[index].learn(meets: isGood(sample))
                }
            }
        }
        return zip(families, searches).compactMap { family, search in
            search.fewest.map { family.with(instances: $0) }
        }
    }

    private func isGood(_ sample: PlanSample) -> Bool {
        sample.attainment.attainment >= test.target && sample.attainment.saturation != .overloaded
    }

    /// Confirms arrangements from the cheapest up: one that fails gets another instance and its turn again. Of each device,
    /// degree and policy only the cheapest is confirmed, so that runners-up are alternatives and not variants.
    private func confirm(
        _ families: [Arrangement], _ answer: inout Answer, _ isOutOfTime: () -> Bool,
        _ measure: ([PlanRun]) throws -> [PlanOutcome]
    ) rethrows {
        guard let requests = rungs.last else { return }
        var waiting = families
        while answer.confirmed.count < wanted, !waiting.isEmpty {
            // The allowed error is shared among so many verdicts.
            if isOutOfTime() || answer.measured.count == test.points {
                answer.isCutShort = true
                return
            }
            let next = waiting.indices.min { (cost(waiting[$0]), $0) < (cost(waiting[$1]), $1) }!
            let arrangement = waiting.remove(at: next)
            guard var candidate = try judge(arrangement, requests: requests, &answer, measure) else { continue }
            if candidate.verdict == .meets {
                let fewer = arrangement.with(instances: arrangement.instances - 1)
                candidate.binding = .memory
                if fewer.instances >= fewer.leastInstances {
                    // One run is enough to see what it fails on; if it does not fail, chance is what binds.
                    let outcome = try measure([PlanRun(arrangement: fewer, requests: requests, replication: 0)])[0]
                    answer.runs += 1
                    if case .sample(let sample) = outcome { candidate.binding = BindingLimit([sample]) }
                }
                answer.confirmed.append(candidate)
                waiting.removeAll { $0.kind == arrangement.kind }
            } else {
                let more = arrangement.with(instances: arrangement.instances + 1)
                if more.gpus <= space.maximumGPUs { waiting.append(more) }
            }
            answer.measured.append(candidate)
        }
    }

    /// `nil` if the arrangement cannot be simulated.
    private func judge(
        _ arrangement: Arrangement, requests: Int, _ answer: inout Answer,
        _ measure: ([PlanRun]) throws -> [PlanOutcome]
    ) rethrows -> PlanCandidate? {
        var samples: [PlanSample] = []
        let (verdict, attainments) = try test.decide { replications in
            let runs = replications.map { PlanRun(arrangement: arrangement, requests: requests, replication: $0) }
            answer.runs += runs.count
            let new = try measure(runs).compactMap { outcome -> PlanSample? in
                if case .sample(let sample) = outcome { sample } else { nil }
            }
            samples += new
            return new.map(\.attainment)
        }
        guard !samples.isEmpty else { return nil }
        let overloaded = attainments.contains { $0.saturation == .overloaded }
        return PlanCandidate(
            arrangement: arrangement, pricePerHour: cost(arrangement), samples: samples,
            verdict: overloaded && verdict == .meets ? .fails : verdict, binding: BindingLimit(samples))
    }
}

extension PlanSearch.Answer {
    fileprivate mutating func note(_ family: Arrangement, _ reason: String) {
        let isKnown = impossible.contains {
            $0.device == family.device && $0.parallelism == family.parallelism
        }
        if isKnown { return }
        impossible.append(
            .init(device: family.device, parallelism: family.parallelism, reason: reason))
    }
}

/// Finds the fewest instances that do: upwards by doubling from where it starts, then bisection.
struct InstanceSearch {
    private let least: Int
    private let most: Int
    /// The largest number known to fail, the smallest known to do.
    private var fails: Int
    private var does: Int?
    private(set) var next: Int?

    init(_ family: Arrangement, maximumGPUs: Int) {
        least = family.leastInstances
        most = maximumGPUs / family.gpusPerInstance
        // A longer trace seldom asks for fewer; one fewer is looked at.
        fails = max(least - 1, family.instances - 2)
        next = family.instances <= most ? family.instances : nil
    }

    var fewest: Int? { does }

    mutating func learn(meets: Bool) {
        guard let tried = next else { return }
        if meets { does = tried } else { fails = max(fails, tried) }
        if let does {
            next = does - fails > 1 ? (does + fails) / 2 : nil
        } else {
            next = tried < most ? min(2 * tried, most) : nil
        }
    }

    mutating func giveUp() {
        next = nil
        does = nil
    }
}
