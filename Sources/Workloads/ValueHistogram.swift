/// Values counted in a few bins, for a look at their distribution.
public struct ValueHistogram: Hashable, Sendable {
    public struct Bin: Hashable, Sendable {
        /// Both included.
        public var values: ClosedRange<Int>
        public var count: Int
    }

    public var bins: [Bin]

    /// Bins that double in width from 1 on: 0, 1, 2…3, 4…7, … from the smallest value to the largest. O(n).
    public init(doubling values: [Int]) {
        var counts = [Int](repeating: 0, count: Int.bitWidth + 1)
        for value in values { counts[Int.bitWidth - max(0, value).leadingZeroBitCount] += 1 }
        let first = counts.firstIndex { $0 > 0 } ?? 0
        let last = counts.lastIndex { $0 > 0 } ?? -1
        bins = (first..<max(first, last + 1)).map { bits in
            Bin(values: bits == 0 ? 0...0 : 1 << (bits - 1)...(1 << (bits - 1) - 1) * 2 + 1, count: counts[bits])
        }
    }

    /// At most `count` bins of one width from 0 to the largest value, the width one of 1, 2, 5, 10, 20, … O(n).
    public init(even values: [Int], atMost count: Int) {
        precondition(count > 0, "\(count) bins")
        let most = values.max() ?? -1
        var (digit, power) = (0, 1)
        let digits = [1, 2, 5]
        while most / (digits[digit] * power) >= count {
            digit += 1
            if digit == digits.count { (digit, power) = (0, power * 10) }
        }
        let width = digits[digit] * power
        var counts = [Int](repeating: 0, count: most < 0 ? 0 : most / width + 1)
        for value in values { counts[max(0, value) / width] += 1 }
        bins = counts.enumerated().map { Bin(values: $0 * width...($0 + 1) * width - 1, count: $1) }
    }
}
