#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// MT19937 of Matsumoto and Nishimura (1998), seeded with one number and drawn from as NumPy's `RandomState` does it, so
/// that what a client drew can be drawn again.
struct MersenneTwister {
    private var state: [UInt32]
    private var position: Int

    init(seed: UInt32) {
        state = [seed]
        for index in 1..<624 {
            let last = state[index - 1]
            state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(index))
        }
        position = 624
    }

    private mutating func next() -> UInt32 {
        if position == 624 { twist() }
        var word = state[position]
        position += 1
        word ^= word >> 11
        word ^= word << 7 & 0x9D2C_5680
        word ^= word << 15 & 0xEFC6_0000
        return word ^ word >> 18
    }

    private mutating func twist() {
        for index in 0..<624 {
            let word = state[index] & 0x8000_0000 | state[(index + 1) % 624] & 0x7FFF_FFFF
            state[index] = state[(index + 397) % 624] ^ word >> 1 ^ (word & 1 == 0 ? 0 : 0x9908_B0DF)
        }
        position = 0
    }

    /// Uniform in [0, 1) with 53 bits.
    mutating func uniform() -> Double {
        let (high, low) = (Double(next() >> 5), Double(next() >> 6))
        return (high * 67_108_864 + low) / 9_007_199_254_740_992
    }

    /// Exponential with mean one.
    mutating func exponential() -> Double { -log(1 - uniform()) }
}
