/// A 64-bit hash of what happened, in order. Two runs with the same fingerprint did the same things at the same times.
public struct Fingerprint: Hashable, Sendable {
    public var value: UInt64 { state }
    @usableFromInline var state: UInt64 = 0x5048_4153_4557_4953

    @inlinable
    public init() {}

    @inlinable
    public mutating func fold(_ word: UInt64) {
        state = mix(state ^ mix(word &+ 0x9E37_79B9_7F4A_7C15))
    }

    @inlinable
    public mutating func fold(_ time: SimulationTime) { fold(UInt64(bitPattern: time.nanoseconds)) }
}
