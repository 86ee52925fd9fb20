#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The random streams of one run: every consumer has its own, so that one model's draws cannot shift another's.
public struct RandomStreams: Sendable {
    public let seed: UInt64
    /// The replication: same seed, other run number, independent draws.
    public let run: UInt64

    public init(seed: UInt64, run: UInt64 = 0) {
        self.seed = seed
        self.run = run
    }

    /// The stream called `name`. Seed, run and name are hashed into its state: neighbouring seeds are unrelated.
    public func stream(named name: String) -> RandomStream {
        var hash = Fingerprint()
        hash.fold(seed)
        hash.fold(run)
        for byte in name.utf8 { hash.fold(UInt64(byte)) }
        return RandomStream(state: hash.value)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): tiny state, passes BigCrush, and is ours, so that its draws never change
/// with a library version. Distributions are written here for the same reason.
public struct RandomStream: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(state: UInt64) { self.state = state }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return mix(state)
    }

    /// Uniform in (0, 1): never 0 or 1, so that logarithms are finite.
    public mutating func uniform() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

    /// Uniform in 0..<bound, by the multiply-shift method (bias below bound·2⁻⁶⁴).
    public mutating func index(below bound: Int) -> Int {
        precondition(bound > 0, "no index below \(bound)")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Exponential with the given mean.
    public mutating func exponential(mean: Double) -> Double { -mean * log(uniform()) }

    /// Standard normal by Box and Muller's method (one of the pair is dropped: a stream has no hidden state).
    public mutating func normal() -> Double {
        (-2 * log(uniform())).squareRoot() * cos(2 * Double.pi * uniform())
    }

    /// Lognormal: exp(mu + sigma·Z).
    public mutating func logNormal(mu: Double, sigma: Double) -> Double { exp(mu + sigma * normal()) }

    /// Gamma by Marsaglia and Tsang (2000), with their boost for shapes below one.
    public mutating func gamma(shape: Double, scale: Double) -> Double {
        precondition(shape > 0 && scale > 0, "gamma needs positive shape and scale, not \(shape), \(scale)")
        if shape < 1 { return gamma(shape: shape + 1, scale: scale) * pow(uniform(), 1 / shape) }
        let d = shape - 1.0 / 3.0
        let c = 1 / (9 * d).squareRoot()
        // Accepts more than 95 % of draws whatever the shape, so that the bound is never met.
        for _ in 0..<10_000 {
            let x = normal()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            if v > 0, log(uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return scale * d * v }
        }
        return scale * shape
    }
}

@inlinable
func mix(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
