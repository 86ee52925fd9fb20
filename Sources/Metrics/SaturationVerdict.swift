/// Whether a deployment kept up with its requests. Latencies of a run that did not are a matter of how long the trace
/// is, and say nothing about the deployment.
///
/// The rule: order the requests by arrival and cut them into ten parts with (nearly) equally many. How far a part is
/// *behind* is its mean waiting time, less that of the part that waited least. Waiting is everything between arrival and
/// completion that is not spent in the request's own iterations (`prefillRun`, `decodeRun`). When requests arrive ρ
/// times as fast as they can be served, waiting grows by ρ − 1 seconds per second, so the last part ends up behind by
/// (ρ − 1) of the arrival span.
///
/// * overloaded: the last part is behind by 5 % of the arrival span or more;
/// * backlogged: it is not, but some part is behind by 1 % or more;
/// * stable: neither.
///
/// Chance delays of a few requests are no backlog, so both limits are at least ten mean gaps between arrivals. A run
/// that was stopped has not shown that it catches up: from the first part with an unfinished request on, the part that
/// is furthest behind stands for the last.
public enum SaturationVerdict: String, CaseIterable, Hashable, Sendable {
    case stable
    case backlogged
    case overloaded

    /// 0 for stable to 2 for overloaded.
    public var rank: Int {
        switch self {
        case .stable: 0
        case .backlogged: 1
        case .overloaded: 2
        }
    }

    /// Below this number of requests nothing can be said.
    public static let requestsNeeded = 50

    static let overloadedShareOfSpan = 0.05
    static let backloggedShareOfSpan = 0.01
    static let gapsOfNoise = 10.0
    static let parts = 10
}

extension SaturationVerdict {
    /// How long a request waited, or has waited so far.
    struct Waiting {
        var arrivalNanoseconds: Int64
        var waitedNanoseconds: Int64
        var isFinished: Bool
    }

    /// `nil` for too few requests, or if all arrived at once.
    init?(_ requests: [Waiting]) {
        guard requests.count >= Self.requestsNeeded else { return nil }
        let ranks = (0..<Self.parts).map { $0 * requests.count / Self.parts }
        let arrivals = OrderStatistics(of: requests.map { Double($0.arrivalNanoseconds) }, ranks: ranks)
        guard arrivals[0] < arrivals.largest else { return nil }
        let span = arrivals.largest - arrivals[0]
        // Where each part but the first begins. Requests of one instant stay together.
        let starts = ranks.dropFirst().map { arrivals[$0] }

        var sums = [Int128](repeating: 0, count: Self.parts)
        var counts = [Int](repeating: 0, count: Self.parts)
        var firstUnfinished = Self.parts - 1
        for request in requests {
            let part = starts.count { $0 <= Double(request.arrivalNanoseconds) }
            sums[part] += Int128(request.waitedNanoseconds)
            counts[part] += 1
            if !request.isFinished { firstUnfinished = min(firstUnfinished, part) }
        }
        let means = zip(sums, counts).map { $1 > 0 ? Double($0) / Double($1) : nil }
        let least = means.compactMap(\.self).min() ?? 0
        let behind = means.map { ($0 ?? least) - least }

        let noise = Self.gapsOfNoise * span / Double(requests.count)
        if behind[firstUnfinished...].max()! >= max(noise, Self.overloadedShareOfSpan * span) {
            self = .overloaded
        } else if behind.max()! >= max(noise, Self.backloggedShareOfSpan * span) {
            self = .backlogged
        } else {
            self = .stable
        }
    }
}
