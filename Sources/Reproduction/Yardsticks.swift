internal import CostModels
internal import EventKernel
internal import Metrics
internal import Simulator
internal import Workloads

/// Follows a list of partitions, each for one interval; the last one for ever. Changes are to cost nothing.
struct TimetableController: PartitionController {
    let interval: SimulationDuration
    var partitions: [SMPartition]

    var cadence: ObservationCadence { .every(interval) }

    func decide(_ observation: PartitionObservation) -> PartitionDecision? {
        let index = Int(observation.time.nanoseconds / interval.nanoseconds)
        return PartitionDecision(
            from: observation.partition, to: partitions[min(index, partitions.count - 1)], reason: "timetable")
    }
}

/// What partitioning could bring at best on one trace, for controllers to be held against.
struct Yardsticks: Sendable {
    /// Attainment of each candidate held all the time, in their order.
    let fixed: [Double]
    /// Attainment under the timetable below.
    let oracle: Double
    /// Index of a candidate for each interval.
    let timetable: [Int]

    var bestFixed: Double { fixed.max() ?? 0 }

    /// The best static partition in hindsight, and an oracle.
    ///
    /// The oracle knows the whole trace and changes for free. It starts with the best static partition; then, interval after
    /// interval, it simulates to the end what every candidate would give if it were held from there on, and takes the best,
    /// which is what it has unless another is better. So it is never worse than the best static partition; it is no upper
    /// bound, since a plan of several changes that only pay together escapes it.
    ///
    /// - Parameters:
    ///   - pool: A semi-PD pool; its own partition and control are not used.
    ///   - candidates: Partitions to choose from, at least one.
    ///   - limits: What attainment is reckoned by.
    init(
        _ configuration: SimulationConfiguration, _ trace: Trace, candidates: [SMPartition],
        interval: SimulationDuration,
        limits: SLO
    ) {
        func attainment(_ timetable: [Int]) -> Double {
            Self.attainment(
                configuration, trace, timetable.map { candidates[$0] }, interval: interval, limits: limits)
        }
        let held = candidates.indices.map { attainment([$0]) }
        var timetable = [held.indices.max { held[$0] < held[$1] } ?? 0]
        var best = held[timetable[0]]
        let intervals = Int(trace.duration.nanoseconds / interval.nanoseconds)
        while timetable.count < intervals {
            let current = timetable[timetable.count - 1]
            var chosen = current
            for candidate in candidates.indices where candidate != current {
                let value = attainment(timetable + [candidate])
                if value > best { (best, chosen) = (value, candidate) }
            }
            timetable.append(chosen)
        }
        fixed = held
        oracle = best
        self.timetable = timetable
    }

    private static func attainment(
        _ configuration: SimulationConfiguration, _ trace: Trace, _ partitions: [SMPartition],
        interval: SimulationDuration, limits: SLO
    ) -> Double {
        var configuration = configuration
        configuration.pools[0].partition = partitions[0]
        configuration.pools[0].partitionControl =
            partitions.count > 1
            ? PartitionControl(
                TimetableController(interval: interval, partitions: partitions), initial: partitions[0],
                cost: .asynchronous(preparation: .zero)) : nil
        return attainment(configuration, trace, limits: limits)
    }

    /// Share of the requests within `limits`.
    static func attainment(_ configuration: SimulationConfiguration, _ trace: Trace, limits: SLO) -> Double {
        var counter = AttainmentCounter(limits: limits)
        var source = trace.source
        do { _ = try Simulation(configuration).run(&source, into: &counter) } catch {
            preconditionFailure("a trace in memory cannot fail: \(error)")
        }
        return trace.requests.isEmpty ? 1 : Double(counter.met) / Double(trace.requests.count)
    }
}

private struct AttainmentCounter: Recorder {
    let limits: SLO
    var met = 0

    mutating func record(_ request: RequestRecord) {
        if limits.isMet(by: request) { met += 1 }
    }

    var recordsIterations: Bool { false }
    var tokenGaps: TokenGapRecording { .ignored }
}
