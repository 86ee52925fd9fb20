internal import Foundation

/// A number with a fixed count of decimals, rounded as `printf` rounds: the exact value to the nearest, halves to even. To
/// ask Foundation for the first one takes as long as some hundreds of these.
func decimal(_ value: Double, _ places: Int) -> String {
    // The value is a whole number of 2^-shift, the shift is above 0, and the product with the power of ten fits into 128
    // bits; for other numbers there is no hurry.
    guard value.magnitude < 1e15, (0...20).contains(places) else { return String(format: "%.\(places)f", value) }
    let shift = 1_075 - Int(max(1, value.exponentBitPattern))
    let hidden: UInt64 = value.isNormal ? 1 << 52 : 0
    var scaled = UInt128(hidden | value.significandBitPattern)
    for _ in 0..<places { scaled *= 10 }
    let whole = scaled >> shift
    let rest = scaled - whole << shift
    let half: UInt128 = shift > 127 ? .max : 1 << (shift - 1)
    let rounded = rest > half || rest == half && !whole.isMultiple(of: 2) ? whole + 1 : whole
    var digits = String(rounded)
    if places > 0 {
        digits = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -places))
    }
    return (value.sign == .minus ? "-" : "") + digits
}
