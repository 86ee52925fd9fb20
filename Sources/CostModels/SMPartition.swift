/// The SMs that each phase of a semi-PD instance may use: caps, not reservations, which may overlap.
public struct SMPartition: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    public var prefill: Int
    public var decode: Int
    /// SMs of the device.
    public var total: Int

    /// - Precondition: both caps lie in 1...total.
    public init(prefill: Int, decode: Int, total: Int) {
        precondition(
            (1...total).contains(prefill) && (1...total).contains(decode),
            "partition (\(prefill), \(decode)) does not fit \(total) SMs")
        self.prefill = prefill
        self.decode = decode
        self.total = total
    }

    /// Both phases may use every SM; the hardware decides.
    public static func unpartitioned(_ total: Int) -> Self { Self(prefill: total, decode: total, total: total) }

    /// Caps from percentages as CUDA MPS rounds them: seen on an H200 (132 SMs), 80, 60, 50 and 40 % give 104, 78, 66
    /// and 52 SMs, the largest even number within the percentage.
    public static func percent(prefill x: Double, decode y: Double, of total: Int) -> Self {
        func cap(_ percent: Double) -> Int {
            let sms = percent / 100 * Double(total)
            return min(total, max(2, Int((sms + 1e-9) / 2) * 2))
        }
        return Self(prefill: x >= 100 ? total : cap(x), decode: y >= 100 ? total : cap(y), total: total)
    }

    /// SMs that both phases may use.
    public var overlap: Int { max(0, prefill + decode - total) }
    public var isUnpartitioned: Bool { prefill == total && decode == total }

    public var description: String { "(\(prefill), \(decode)) of \(total) SMs" }
}
