#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Causal attention of prompt chunks with a head size of 128, timed over queries, cached context and batch, by heads and
/// number of SMs.
///
/// A time is `PrefillAttentionBound`, a schedule of tiles, times a ratio that is measured at the points and linear between
/// them. The bound carries what makes the kernel jump (how many rounds the tiles take on these SMs), so that the ratio is
/// smooth.
public struct PrefillAttentionTable: Hashable, Sendable {
    public static let headSize = 128

    public struct Line: Hashable, Sendable {
        public var heads: Int
        public var keyValueHeads: Int
        public var sms: Int
        public var state: PowerState
        /// Cached tokens of each chunk.
        public var past: Int
        public var batch: Int
        /// Seconds by the new tokens of each chunk, all equal.
        public var curve: MeasuredCurve

        public init(
            heads: Int, keyValueHeads: Int, sms: Int, state: PowerState, past: Int, batch: Int, curve: MeasuredCurve
        ) {
            self.heads = heads
            self.keyValueHeads = keyValueHeads
            self.sms = sms
            self.state = state
            self.past = past
            self.batch = batch
            self.curve = curve
        }

        fileprivate var key: (Int, Int, Int, Int, Int, Int) {
            (heads, keyValueHeads, state == .burst ? 0 : 1, sms, past, batch)
        }
    }

    public let bound: PrefillAttentionBound
    /// Sorted by heads, KV heads, state, SMs, past and batch.
    public let lines: [Line]

    public init(bound: PrefillAttentionBound, lines: [Line]) {
        self.bound = bound
        self.lines = lines.sorted { $0.key < $1.key }
    }

    /// The kernel on so many SMs; `nil` if nothing without a past was measured. Heads that were not measured take the
    /// ratios of the nearest ones: the bound knows how many heads there are.
    public func kernel(heads: Int, keyValueHeads: Int, sms: Int, state: PowerState) -> PrefillAttentionKernel? {
        let whole = lines.filter { $0.state == .burst && $0.past == 0 && $0.batch == 1 }
        func distance(_ line: Line) -> Double {
            let group = log2(Double(line.heads * keyValueHeads) / Double(line.keyValueHeads * heads))
            return abs(log2(Double(line.heads) / Double(heads))) + abs(group) / 4
        }
        guard let nearest = whole.min(by: { distance($0) < distance($1) }) else { return nil }
        let (measuredHeads, measuredKV) = (nearest.heads, nearest.keyValueHeads)
        let known = lines.filter { ($0.heads, $0.keyValueHeads) == (measuredHeads, measuredKV) && $0.state == .burst }
        let counts = Set(known.filter { $0.past == 0 && $0.batch == 1 }.map(\.sms)).sorted()
        let position = SMPosition(of: sms, among: counts)
        func ratios(_ index: Int) -> PrefillAttentionKernel.Ratios {
            .init(lines: known.filter { $0.sms == counts[index] }, bound: bound)
        }
        let isMeasured = (measuredHeads, measuredKV) == (heads, keyValueHeads)
        return PrefillAttentionKernel(
            bound: bound, heads: Double(heads), sms: Double(sms), low: ratios(position.low),
            high: ratios(position.high), position: position,
            throttling: state == .burst ? nil : throttling(sms: sms),
            origin: isMeasured ? position.provenance : position.provenance.worse(.heldUtilisation))
    }

    /// Sustained over burst time by queries, from the nearest SM count that was measured both ways and is not larger.
    func throttling(sms: Int) -> MeasuredCurve? {
        let slow = lines.last { $0.state == .sustained && $0.past == 0 && $0.batch == 1 && $0.sms <= sms }
        guard let slow else { return nil }
        let burst = lines.first {
            ($0.heads, $0.keyValueHeads, $0.sms, $0.past, $0.batch)
                == (slow.heads, slow.keyValueHeads, slow.sms, 0, 1) && $0.state == .burst
        }
        guard let burst else { return nil }
        return MeasuredCurve(sizes: slow.curve.sizes, origin: .interpolated) {
            max(1, slow.curve.seconds(at: $0) / burst.curve.seconds(at: $0))
        }
    }
}

/// How long tiles of 128 queries of one head take on the SMs that there are: launch + rounds of tiles.
///
/// A tile of a chunk costs `perKey` for each key it sees and `perTile`. With fewer tiles than SMs the last one decides.
/// With more, all tiles share the SMs; chunks on top of a long past have tiles of one size, which go in whole rounds, and
/// whole prompts have tiles of all sizes, where the last large one is waited for in part (`imbalance`).
public struct PrefillAttentionBound: Hashable, Sendable {
    public static let tile = 128.0

    public var launchSeconds: Double
    public var secondsPerKey: Double
    public var secondsPerTile: Double
    public var imbalance: Double

    public init(launchSeconds: Double, secondsPerKey: Double, secondsPerTile: Double, imbalance: Double) {
        self.launchSeconds = launchSeconds
        self.secondsPerKey = secondsPerKey
        self.secondsPerTile = secondsPerTile
        self.imbalance = imbalance
    }

    /// `chunks` chunks of `queries` new tokens each on top of `past`. O(1).
    public func seconds(heads: Double, chunks: Double, queries: Double, past: Double, sms: Double) -> Double {
        let rows = (queries / Self.tile).rounded(.up)
        let tiles = heads * chunks * rows
        let last = secondsPerKey * (past + max(queries, Self.tile)) + secondsPerTile
        if tiles <= sms { return launchSeconds + last }
        // Rows of tiles but the last see whole tiles of keys.
        let keys = rows == 1 ? max(queries, Self.tile) : (Self.tile * rows * (rows - 1) / 2 + queries) / rows
        let mean = secondsPerKey * (past + keys) + secondsPerTile
        let shared = tiles * mean / sms
        let uniformity = rows == 1 ? 1 : past / (past + queries)
        let rounds = (tiles / sms).rounded(.up) * mean
        let together = shared + uniformity * (rounds - shared) + (1 - uniformity) * imbalance * last
        return launchSeconds + max(last, min(together, last + shared))
    }
}

/// Prefill attention of one layer for given heads on a given number of SMs.
///
/// A class because it is asked for every batch with prompts, and to copy its curves takes as long as to read them.
public final class PrefillAttentionKernel: Sendable {
    /// Measured over bound, at one SM count.
    struct Ratios: Sendable {
        /// Of single chunks, by past; each by queries.
        private let pasts: CurveFan
        /// Of whole prompts, relative to a single one, by batch; each by queries. The first is 1.
        private let batches: CurveFan

        init(lines: [PrefillAttentionTable.Line], bound: PrefillAttentionBound) {
            func ratio(_ line: PrefillAttentionTable.Line) -> MeasuredCurve {
                MeasuredCurve(
                    sizes: line.curve.sizes,
                    seconds: zip(line.curve.sizes, line.curve.seconds).map { size, seconds in
                        seconds
                            / bound.seconds(
                                heads: Double(line.heads), chunks: Double(line.batch), queries: size,
                                past: Double(line.past), sms: Double(line.sms))
                    })
            }
            let single = lines.filter { $0.batch == 1 }
            let singleRatios = single.map(ratio)
            let several = lines.filter { $0.batch > 1 && $0.past == 0 }
            let severalRatios = several.map { line in
                let own = ratio(line)
                return MeasuredCurve(sizes: own.sizes, origin: .measured) { size in
                    own.seconds(at: size) / singleRatios[0].held(at: size)
                }
            }
            pasts = CurveFan(knots: single.map { Double($0.past) }, curves: singleRatios)
            batches = CurveFan(
                knots: [1] + several.map { Double($0.batch) },
                curves: [MeasuredCurve(sizes: [1, 1e9], seconds: [1, 1])] + severalRatios)
        }

        func ratio(chunks: Double, queries: Double, past: Double) -> KernelPrice {
            let single = Self.between(pasts, at: past, queries: queries)
            if chunks == 1 { return single }
            let more = Self.between(batches, at: chunks, queries: queries)
            return KernelPrice(
                seconds: single.seconds * more.seconds,
                provenance: single.provenance.worse(more.provenance).worse(past > 0 ? .interpolated : .measured))
        }

        private static func between(_ curves: CurveFan, at x: Double, queries: Double) -> KernelPrice {
            let last = curves.last
            if x <= curves.knot(0) { return held(curves, 0, at: queries) }
            if x >= curves.knot(last) {
                let price = held(curves, last, at: queries)
                if x == curves.knot(last) { return price }
                return KernelPrice(seconds: price.seconds, provenance: price.provenance.worse(.heldUtilisation))
            }
            let upper = curves.firstAbove(x)
            let lower = curves.knot(upper - 1)
            let low = held(curves, upper - 1, at: queries)
            if x == lower { return low }
            let high = held(curves, upper, at: queries)
            let fraction = (x - lower) / (curves.knot(upper) - lower)
            return KernelPrice(
                seconds: low.seconds + (high.seconds - low.seconds) * fraction,
                provenance: low.provenance.worse(high.provenance).worse(.interpolated))
        }

        /// Ratios are held beyond their last point.
        private static func held(_ curves: CurveFan, _ curve: Int, at queries: Double) -> KernelPrice {
            let last = curves.lastPoint(curve)
            if queries <= last.size { return curves.price(curve, at: queries) }
            return KernelPrice(
                seconds: last.seconds, provenance: curves.origin(curve).worse(.heldUtilisation))
        }
    }

    let bound: PrefillAttentionBound
    let heads: Double
    let sms: Double
    let low: Ratios
    let high: Ratios
    let position: SMPosition
    let throttling: MeasuredCurve?
    let origin: CostProvenance

    init(
        bound: PrefillAttentionBound, heads: Double, sms: Double, low: Ratios, high: Ratios, position: SMPosition,
        throttling: MeasuredCurve?, origin: CostProvenance
    ) {
        self.bound = bound
        self.heads = heads
        self.sms = sms
        self.low = low
        self.high = high
        self.position = position
        self.throttling = throttling
        self.origin = origin
    }

    /// Seconds for `chunks` chunks with `tokens` new tokens and `pairs` query–key pairs in all.
    ///
    /// Chunks of unequal sizes are priced as equal ones with as many pairs, the difference counted as past.
    public func price(tokens: Double, chunks: Double, pairs: Double) -> KernelPrice {
        let queries = tokens / chunks
        let past = max(0, pairs / tokens - (queries + 1) / 2)
        let base = bound.seconds(heads: heads, chunks: chunks, queries: queries, past: past, sms: sms)
        var ratio = low.ratio(chunks: chunks, queries: queries, past: past)
        if position.low != position.high {
            let other = high.ratio(chunks: chunks, queries: queries, past: past)
            ratio.seconds += (other.seconds - ratio.seconds) * position.fraction
            ratio.provenance = ratio.provenance.worse(other.provenance)
        }
        if let throttling {
            ratio.seconds *= throttling.held(at: queries)
        }
        return KernelPrice(seconds: base * ratio.seconds, provenance: ratio.provenance.worse(origin))
    }
}
