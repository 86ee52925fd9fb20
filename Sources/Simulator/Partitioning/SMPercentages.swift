/// Percentages of the SMs for each phase, as the semi-PD controllers count: caps that may sum to more than 100.
public struct SMPercentages: Hashable, Sendable, CustomStringConvertible {
    public var prefill: Int
    public var decode: Int

    public static let full = SMPercentages(prefill: 100, decode: 100)

    public init(prefill: Int, decode: Int) {
        precondition(
            (1...100).contains(prefill) && (1...100).contains(decode), "(\(prefill), \(decode)) are not percentages")
        self.prefill = prefill
        self.decode = decode
    }

    /// What prefill gets of the device when the phases share it in proportion to their caps: x' = x/(x + y).
    public var normalisedPrefill: Double { Double(prefill) / Double(prefill + decode) }
    public var normalisedDecode: Double { Double(decode) / Double(prefill + decode) }

    public var description: String { "(\(prefill), \(decode)) %" }
}

/// How far an adjustment may go. The defaults are those of the released semi-PD code; the paper gives no numbers.
public struct PercentageSteps: Hashable, Sendable {
    /// Percentage points of one step.
    public var size: Int
    /// Steps of one adjustment.
    public var most: Int
    /// Neither phase goes below its floor. Earlier versions of the code had 40 for prefill and 60 for decode.
    public var prefillFloor: Int
    public var decodeFloor: Int

    public init(size: Int = 2, most: Int = 3, prefillFloor: Int = 80, decodeFloor: Int = 80) {
        precondition(
            size > 0 && most > 0 && (1...100).contains(prefillFloor) && (1...100).contains(decodeFloor),
            "\(most) steps of \(size) points down to (\(prefillFloor), \(decodeFloor)) %")
        self.size = size
        self.most = most
        self.prefillFloor = prefillFloor
        self.decodeFloor = decodeFloor
    }
}

/// The element of `samples` at rank ⌊q·n + 1⌋, counted from one in ascending order of `key`, as the released semi-PD code
/// takes percentiles; `nil` of nothing. Equal keys keep the order of the samples. O(n) on average.
func ranked<Sample>(_ samples: [Sample], at quantile: Double, by key: (Sample) -> Double) -> Sample? {
    if samples.isEmpty { return nil }
    let wanted = min(samples.count, Int(quantile * Double(samples.count) + 1)) - 1
    var order = samples.indices.map { RankedSample(key: key(samples[$0]), index: $0) }
    // Hoare's FIND: of two sides, only the one with the wanted sample is looked at again.
    var (low, high) = (0, order.count - 1)
    while low < high {
        let pivot = order[(low + high) / 2]
        var (left, right) = (low, high)
        while left <= right {
            while order[left] < pivot { left += 1 }
            while pivot < order[right] { right -= 1 }
            guard left <= right else { break }
            order.swapAt(left, right)
            left += 1
            right -= 1
        }
        if wanted > right, wanted < left { break }
        if wanted <= right { high = right } else { low = left }
    }
    return samples[order[wanted].index]
}

private struct RankedSample: Comparable {
    var key: Double
    var index: Int

    static func < (a: Self, b: Self) -> Bool { a.key < b.key || a.key == b.key && a.index < b.index }
}

/// Whole milliseconds, for the reasons that controllers give.
func milliseconds(_ seconds: Double) -> String {
    seconds < 1e9 ? "\(Int((seconds * 1000).rounded())) ms" : "unbounded"
}
