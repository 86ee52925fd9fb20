internal import CostModels
internal import EventKernel
internal import Metrics
internal import Simulator

/// How far each controller is from what could be had on the same requests: the best static partition in hindsight, and an
/// oracle that changes for free.
struct ControllerComparison: Sendable {
    private struct Column: Sendable {
        let name: String
        /// By rate, then by replication.
        let attainment: [[Double]]
    }

    private static let rates = [15.0, 16, 17, 18]
    private let columns: [Column]
    /// Of the candidates, the one that was best most often at each rate.
    private let best: [String]
    private let replications: Int

    /// Every ten seconds of a run of about two minutes.
    private static let interval = SimulationDuration(nanoseconds: 10_000_000_000)

    init(_ setup: Setup) {
        let workload = PaperWorkload.shareGPT
        let limits = workload.tight.onServer
        let candidates = StaticGrid.percentages
        let base = ServingSystem.semiPD(prefill: 100, decode: 100, setup).configuration
        // The oracle simulates each trace some hundred times.
        let count = min(setup.replications, 2)
        replications = count
        let traces = Self.rates.map { rate in
            (0..<count).map {
                workload.trace(rate: rate, replication: $0, requests: setup.requests(of: workload))
            }
        }
        let yardsticks = traces.map { traces in
            traces.map { trace in
                Yardsticks(
                    base, trace, candidates: candidates.map(\.partition), interval: Self.interval, limits: limits)
            }
        }
        best = yardsticks.map { yardsticks in
            yardsticks.map { yardstick in
                let index = yardstick.fixed.indices.max { yardstick.fixed[$0] < yardstick.fixed[$1] } ?? 0
                return "(\(candidates[index].prefill),\(candidates[index].decode))"
            }.joined(separator: " and ")
        }
        func column(_ name: String, _ system: ServingSystem) -> Column {
            Column(
                name: name,
                attainment: traces.map { traces in
                    traces.map { Yardsticks.attainment(system.configuration, $0, limits: limits) }
                })
        }
        let free = PartitionSwitchCost.asynchronous(preparation: .zero)
        let full = ServingSystem.semiPD(prefill: 100, decode: 100, setup)
        let pool = base.pools[0]
        let forecast = ModelController(
            slo: workload.tight, model: pool.costModel, candidates: candidates.map(\.partition), limits: pool.limits,
            settings: .oracle)
        columns =
            [column("(100,100)", full)]
            + ServingSystem.Controller.allCases.map {
                column("`\($0.rawValue)`", .dynamic($0, limits: workload.tight, setup))
            } + [
                column(
                    "`model`, changes free",
                    .dynamic(.model, limits: workload.tight, setup, change: free)),
                column(
                    "forecast at every iteration, free",
                    full.controlled(by: forecast, change: free, name: "forecast")),
                Column(name: "best static", attainment: yardsticks.map { $0.map(\.bestFixed) }),
                Column(name: "oracle", attainment: yardsticks.map { $0.map(\.oracle) }),
            ]
    }

    var text: String {
        var text = "| | " + Self.rates.map { decimal($0, 0) }.joined(separator: " | ") + " |\n|---|"
        text += Self.rates.map { _ in "---:" }.joined(separator: "|") + "|\n"
        for column in columns {
            let cells = column.attainment.map { decimal($0.reduce(0, +) / Double($0.count), 3) }
            text += "| \(column.name) | \(cells.joined(separator: " | ")) |\n"
        }
        let seeds = replications == 1 ? "one trace" : "the mean of \(replications) traces"
        return """
            Attainment of the tight limits on ShareGPT by rate, \(seeds) each. The best static partition, of \
            \(StaticGrid.percentages.count) tried, is \(best.joined(separator: "; ")) in the order of the rates. The oracle \
            knows all requests that come and changes for free every ten seconds to what is best if held from there on: it is \
            never worse than the best static partition, and no upper bound.

            \(text)
            `code` and `paper` move in steps of two points and at most three a window of 400 requests, of which a run has five, \
            so that they stay close to where they start. `model` forecasts what will wait and run when its change comes into force, \
            ten seconds later; where changes are free it loses less, and what it then loses against the best static partition is \
            the error of its forecast, which does not see that the decode batch is full.
            """
    }
}
