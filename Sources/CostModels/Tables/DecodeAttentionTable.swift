#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Attention of one new token per sequence over paged KV with a head size of 128, timed over context and batch, by heads
/// and number of SMs.
public struct DecodeAttentionTable: Hashable, Sendable {
    public static let headSize = 128

    public struct Line: Hashable, Sendable {
        public var heads: Int
        public var keyValueHeads: Int
        public var sms: Int
        public var batch: Int
        /// Seconds by the context of each sequence, all equal.
        public var curve: MeasuredCurve

        public init(heads: Int, keyValueHeads: Int, sms: Int, batch: Int, curve: MeasuredCurve) {
            self.heads = heads
            self.keyValueHeads = keyValueHeads
            self.sms = sms
            self.batch = batch
            self.curve = curve
        }

        fileprivate var key: (Int, Int, Int, Int) { (heads, keyValueHeads, sms, batch) }
    }

    /// What contexts of unequal lengths cost over equal ones of the same sum: pieces that do not come out even.
    public struct UnequalContexts: Hashable, Sendable {
        public var sms: Int
        /// By batch.
        public var ratios: MeasuredCurve

        public init(sms: Int, ratios: MeasuredCurve) {
            self.sms = sms
            self.ratios = ratios
        }
    }

    /// Sorted by heads, KV heads, SMs and batch.
    public let lines: [Line]
    /// By SMs; empty where unequal contexts were not measured.
    public let unequalContexts: [UnequalContexts]

    public init(lines: [Line], unequalContexts: [UnequalContexts] = []) {
        self.lines = lines.sorted { $0.key < $1.key }
        self.unequalContexts = unequalContexts.sorted { $0.sms < $1.sms }
    }

    /// By batch, 1 for one sequence; linear between the SM counts that were measured, held beyond them.
    func unequalRatios(sms: Int) -> Curve? {
        if unequalContexts.isEmpty { return nil }
        let counts = unequalContexts.map { Double($0.sms) }
        let batches = unequalContexts.reduce([1.0]) { union($0, $1.ratios.sizes) }
        return Curve(
            knots: batches,
            values: batches.map { batch in
                if batch == 1 { return 1 }
                return Curve(knots: counts, values: unequalContexts.map { $0.ratios.held(at: batch) })
                    .value(at: Double(sms))
            })
    }

    /// The kernel on so many SMs; `nil` from an empty table.
    ///
    /// Heads that were not measured are priced as the nearest measured ones with as many KV streams (batch × KV heads),
    /// preferring those with as many query heads per KV head: such batches read the same bytes in as many pieces.
    public func kernel(heads: Int, keyValueHeads: Int, sms: Int) -> DecodeAttentionKernel? {
        func distance(_ line: Line) -> Double {
            let group = log2(Double(line.heads * keyValueHeads) / Double(line.keyValueHeads * heads))
            return 4 * abs(group) + abs(log2(Double(line.keyValueHeads) / Double(keyValueHeads)))
        }
        guard let nearest = lines.min(by: { distance($0) < distance($1) }) else { return nil }
        let known = lines.filter { ($0.heads, $0.keyValueHeads) == (nearest.heads, nearest.keyValueHeads) }
        let counts = Set(known.map(\.sms)).sorted()
        let isMeasured = (nearest.heads, nearest.keyValueHeads) == (heads, keyValueHeads)
        let position = SMPosition(of: sms, among: counts)
        func grid(_ index: Int) -> DecodeAttentionKernel.Grid {
            let lines = known.filter { $0.sms == counts[index] }
            return .init(curves: CurveFan(knots: lines.map { Double($0.batch) }, curves: lines.map(\.curve)))
        }
        return DecodeAttentionKernel(
            low: grid(position.low), high: grid(position.high), unequalRatios: unequalRatios(sms: sms),
            position: position,
            streamsPerMeasured: Double(keyValueHeads) / Double(nearest.keyValueHeads),
            origin: isMeasured ? position.provenance : position.provenance.worse(.heldUtilisation))
    }
}

/// Decode attention of one layer for given heads on a given number of SMs.
///
/// At a fixed batch it is linear in Σ context between the measured contexts; at a fixed context per sequence it is linear
/// in the batch between the measured batches. A class as that of prefill.
public final class DecodeAttentionKernel: Sendable {
    struct Grid: Sendable {
        /// By batch, each over the context of a sequence.
        let curves: CurveFan

        func price(batch: Double, context: Double) -> KernelPrice {
            let last = curves.last
            let (least, most) = (curves.knot(0), curves.knot(last))
            if batch <= least || last == 0 {
                let price = price(0, context: context * batch / least)
                return batch == least
                    ? price : KernelPrice(seconds: price.seconds, provenance: price.provenance.worse(.heldUtilisation))
            }
            if batch >= most {
                let price = price(last, context: context)
                if batch == most { return price }
                return KernelPrice(
                    seconds: price.seconds * batch / most, provenance: price.provenance.worse(.heldUtilisation))
            }
            let upper = curves.firstAbove(batch)
            let lowerBatch = curves.knot(upper - 1)
            let below = price(upper - 1, context: context)
            if batch == lowerBatch { return below }
            let above = price(upper, context: context)
            let fraction = (batch - lowerBatch) / (curves.knot(upper) - lowerBatch)
            return KernelPrice(
                seconds: below.seconds + (above.seconds - below.seconds) * fraction,
                provenance: below.provenance.worse(above.provenance).worse(.interpolated))
        }

        /// Below the shortest context the line of the first two points goes on, since most of such a kernel is latency;
        /// above the longest the bandwidth is held.
        private func price(_ curve: Int, context: Double) -> KernelPrice {
            let first = curves.firstPoint(curve)
            guard context < first.size, let second = curves.secondPoint(curve) else {
                return curves.price(curve, at: context)
            }
            let slope = (second.seconds - first.seconds) / (second.size - first.size)
            let seconds = first.seconds - max(0, slope) * (first.size - context)
            return KernelPrice(
                seconds: max(seconds, first.seconds / 2),
                provenance: curves.origin(curve).worse(.heldUtilisation))
        }

        /// Contexts per sequence at which the price of this batch bends.
        func bends(batch: Double) -> [Double] {
            let (last, least) = (curves.last, curves.knot(0))
            if batch <= least { return curves.sizes(0).map { $0 * least / batch } }
            if batch >= curves.knot(last) { return curves.sizes(last) }
            let upper = curves.firstAbove(batch)
            if batch == curves.knot(upper - 1) { return curves.sizes(upper - 1) }
            return union(curves.sizes(upper - 1), curves.sizes(upper))
        }
    }

    let low: Grid
    let high: Grid
    /// By batch.
    let unequalRatios: Curve?
    let position: SMPosition
    /// KV streams per sequence, over those of the heads that were measured.
    let streamsPerMeasured: Double
    let origin: CostProvenance

    init(
        low: Grid, high: Grid, unequalRatios: Curve?, position: SMPosition, streamsPerMeasured: Double,
        origin: CostProvenance
    ) {
        self.low = low
        self.high = high
        self.unequalRatios = unequalRatios
        self.position = position
        self.streamsPerMeasured = streamsPerMeasured
        self.origin = origin
    }

    /// Seconds for `sequences` with Σ context = `context`.
    public func price(sequences: Double, context: Double) -> KernelPrice {
        let batch = sequences * streamsPerMeasured
        let perSequence = context / sequences
        let below = low.price(batch: batch, context: perSequence)
        if position.low == position.high {
            return KernelPrice(
                seconds: below.seconds * position.scale, provenance: below.provenance.worse(origin))
        }
        let above = high.price(batch: batch, context: perSequence)
        return KernelPrice(
            seconds: position.blend(below.seconds, above.seconds),
            provenance: below.provenance.worse(above.provenance).worse(origin))
    }

    /// Over the price of equal contexts.
    public func unequalRatio(sequences: Double) -> Double {
        unequalRatios?.value(at: sequences * streamsPerMeasured) ?? 1
    }

    /// Σ context at which the price of so many sequences bends, ascending.
    func bends(sequences: Double) -> [Double] {
        let batch = sequences * streamsPerMeasured
        return union(low.bends(batch: batch), high.bends(batch: batch)).map { $0 * sequences }
    }
}
