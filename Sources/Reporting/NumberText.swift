/// `value` with a fixed number of decimals, rounded to nearest.
package func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return "-" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    // Beyond 2⁵³ there are no decimals to print.
    guard abs(value) * scale < 0x1p53 else { return value.description }
    let scaled = Int64((abs(value) * scale).rounded())
    var digits = String(scaled)
    if decimals > 0 {
        digits = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -decimals))
    }
    return value < 0 && scaled != 0 ? "-" + digits : digits
}

/// `value` with four significant digits, but at most three decimals and all digits before the point: enough to see a
/// difference of one percent.
func readable(_ value: Double) -> String {
    switch abs(value) {
    case 0: "0"
    case ..<10: fixed(value, decimals: 3)
    case ..<100: fixed(value, decimals: 2)
    case ..<1000: fixed(value, decimals: 1)
    default: fixed(value, decimals: 0)
    }
}

/// A ratio as people say it: 0.87x, 12.3x, 140x.
func ratioText(_ ratio: Double) -> String {
    switch ratio {
    case ..<10: fixed(ratio, decimals: 2) + "x"
    case ..<100: fixed(ratio, decimals: 1) + "x"
    default: fixed(ratio, decimals: 0) + "x"
    }
}
