internal import Metrics
internal import Planning
internal import Scenarios

/// The answers of goodput searches, one deployment after the other.
struct GoodputReport {
    let deployments: [ResolvedDeployment]
    let searches: [GoodputAnswer]
    /// `nil` where nothing was drawn at random.
    let confidence: Double?

    init(deployments: [ResolvedDeployment], answers: [GoodputAnswer], confidence: Double?) {
        self.deployments = deployments
        searches = answers
        self.confidence = confidence
    }

    /// The interval in which the highest rate lies.
    var answers: Listing {
        var table = Listing([
            "deployment", "GPUs", "meets at req/s", "misses at req/s", "per GPU", "confidence", "rates tried", "runs",
            "remark",
        ])
        for (deployment, answer) in zip(deployments, searches) {
            let runs = answer.points.reduce(0) { $0 + $1.samples.count }
            table.append([
                deployment.name, "\(deployment.gpus)", rate(answer.lower), rate(answer.upper),
                rate(answer.lower.map { $0 / Double(deployment.gpus) }),
                confidence.map { "\(decimal($0 * 100, 1)) %" } ?? "-", "\(answer.points.count)", "\(runs)",
                remark(on: answer),
            ])
        }
        return table
    }

    /// Every rate that was tried.
    var curves: Listing {
        var table = Listing([
            "deployment", "rate", "attainment", "+-", "bound", "TTFT met", "TPOT met", "replications", "verdict",
        ])
        for (deployment, answer) in zip(deployments, searches) {
            for point in answer.points {
                table.append([
                    deployment.name, rate(point.rate), decimal(point.attainment, 4),
                    confidence.flatMap { point.halfWidth(confidence: $0) }.map { decimal($0, 4) } ?? "-",
                    point.isBound ? "at most" : "", share(point) { $0.metTTFT }, share(point) { $0.metTPOT },
                    "\(point.samples.count)", point.verdict.rawValue,
                ])
            }
        }
        return table
    }

    private func rate(_ value: Double?) -> String { value.map { decimal($0, 3) } ?? "-" }

    private func share(_ point: GoodputPoint, _ met: (AttainmentSample) -> Int) -> String {
        let requests = point.samples.reduce(0) { $0 + $1.requests }
        return decimal(Double(point.samples.reduce(0) { $0 + met($1) }) / Double(max(1, requests)), 4)
    }

    private func remark(on answer: GoodputAnswer) -> String {
        if answer.lower == nil { return "misses the target at every rate that was tried" }
        if let shortage = answer.shortage { return "trace too short: \(shortage)" }
        let undecided = answer.points.count { point in
            point.verdict == .undecided && point.rate > answer.lower ?? 0 && point.rate < answer.upper ?? .infinity
        }
        return undecided > 0 ? "\(undecided) rates in between are not decided: more --replications would" : ""
    }
}
