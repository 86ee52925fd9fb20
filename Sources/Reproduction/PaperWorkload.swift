internal import EventKernel
internal import Metrics
internal import Workloads

/// A data set of the paper with its limits on latency (Table 2) and its number of requests.
public enum PaperWorkload: String, CaseIterable, Sendable {
    case shareGPT = "ShareGPT"
    case longBench = "LongBench"

    /// About 7.5 times the latency of a single request.
    var tight: SLO {
        self == .shareGPT
            ? SLO(timeToFirstToken: 0.3, timePerOutputToken: 0.15)
            : SLO(timeToFirstToken: 2.25, timePerOutputToken: 0.13)
    }

    /// About ten times the latency of a single request.
    var loose: SLO {
        self == .shareGPT
            ? SLO(timeToFirstToken: 0.4, timePerOutputToken: 0.2)
            : SLO(timeToFirstToken: 3, timePerOutputToken: 0.18)
    }

    var model: WorkloadModel {
        self == .shareGPT ? WorkloadPreset.shareGPTPaper.model : WorkloadPreset.longBenchPaper.model
    }

    /// The requests of one replication at `rate` requests per second in all, arriving as a Poisson process. Lengths and the
    /// pattern of arrivals depend on the replication alone, so that systems and rates are compared on common random numbers.
    /// - Parameter lengths: Takes the place of the workload's own.
    func trace(rate: Double, replication: Int, requests: Int, lengths: WorkloadModel? = nil) -> Trace {
        var model = lengths ?? self.model
        model.arrivals = .poisson(rate: rate)
        let streams = RandomStreams(seed: 777, run: UInt64(replication))
        return WorkloadGenerator.trace(model, requests: requests, streams: streams)
    }
}
