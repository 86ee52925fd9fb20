/// How much longer kernels take on a device at its power limit than in a burst, as measured on another device with the same
/// chip and the same limit, for tables of which only bursts were measured.
public struct InferredThrottling: Hashable, Sendable {
    /// Of a weight matrix.
    public struct Line: Hashable, Sendable {
        public var n: Int
        public var k: Int
        /// Sustained over burst time by M, at least one.
        public var ratios: MeasuredCurve

        public init(n: Int, k: Int, ratios: MeasuredCurve) {
            self.n = n
            self.k = k
            self.ratios = ratios
        }
    }

    /// Id of the device that was measured.
    public var device: String
    public var products: [Line]
    /// Sustained over burst time of prefill attention by the new tokens of a chunk.
    public var prefillAttention: MeasuredCurve?

    public init(device: String, products: [Line], prefillAttention: MeasuredCurve?) {
        self.device = device
        self.products = products
        self.prefillAttention = prefillAttention
    }

    /// The sustained times of a product from its bursts: by the ratios of the same matrix, or the mean of all.
    func slowed(_ burst: MeasuredCurve, n: Int, k: Int) -> MeasuredCurve {
        let own = products.filter { ($0.n, $0.k) == (n, k) }
        let lines = own.isEmpty ? products : own
        if lines.isEmpty { return burst }
        let sizes = lines.reduce(burst.sizes) { union($0, $1.ratios.sizes) }
        return MeasuredCurve(sizes: sizes, origin: burst.origin.worse(.heldUtilisation)) { size in
            let sum = lines.reduce(0) { $0 + $1.ratios.held(at: size) }
            return burst.seconds(at: size) * sum / Double(lines.count)
        }
    }
}

extension KernelTables {
    /// Seconds of the product [M, K]·[K, N] by M, sustained ones inferred where only bursts were measured; `nil` without
    /// products.
    public func product(n: Int, k: Int, sms: Int, state: PowerState, bound: GEMMBound) -> MeasuredCurve? {
        let measured = gemm.curve(n: n, k: k, sms: sms, state: state, bound: bound)
        guard state == .sustained, let measured, let throttling else { return measured }
        return throttling.slowed(measured, n: n, k: k)
    }

    /// What these tables say about another device with the same chip and power limit: the ratios on all SMs. `nil` if
    /// nothing was measured at the limit.
    public func inferredThrottling(sms: Int) -> InferredThrottling? {
        let throttling = InferredThrottling(
            device: device, products: gemm.throttling.lines(sms: sms),
            prefillAttention: prefillAttention.throttling(sms: sms))
        return throttling.products.isEmpty && throttling.prefillAttention == nil ? nil : throttling
    }
}
