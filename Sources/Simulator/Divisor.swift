/// A positive number that much is divided by: it divides by multiplying with its reciprocal, which takes a tenth of the
/// time and no check (Lemire, Kaser and Kurz, "Faster remainder by direct computation", 2019).
struct Divisor: Hashable, Sendable, BitwiseCopyable {
    let value: Int
    /// ⌈2⁶⁴ / value⌉.
    private let reciprocal: UInt64
    /// The reciprocal gives the exact quotient of what is less than this.
    private let bound: UInt64

    /// - Precondition: `value` is positive.
    init(_ value: Int) {
        precondition(value > 0, "division by \(value)")
        self.value = value
        // That of one has 65 bits.
        reciprocal = value == 1 ? 0 : UInt64.max / UInt64(value) + 1
        bound = value == 1 || value > UInt32.max ? 0 : 1 << 32
    }

    @inline(__always)
    func quotient(of dividend: Int) -> Int {
        let word = UInt64(bitPattern: Int64(dividend))
        // One comparison: a negative number is a large one.
        if word >= bound { return dividend / value }
        return Int(truncatingIfNeeded: reciprocal.multipliedFullWidth(by: word).high)
    }

    @inline(__always)
    func remainder(of dividend: Int) -> Int { dividend &- quotient(of: dividend) &* value }
}
