import Foundation
import Testing

@testable import phasewise

@Suite("Numbers and times as text")
struct NumberTextTests {
    @Test("a number with decimals is what printf makes of it", arguments: 0..<8)
    func randomNumbers(seed: UInt64) {
        var state = seed
        for _ in 0..<5_000 {
            // SplitMix64: any bit pattern, and one whose exponent is near those that people write.
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
            bits ^= bits >> 31
            let usual = Double(
                sign: bits & 1 == 0 ? .plus : .minus, exponent: Int(bits >> 1 & 63) - 20,
                significand: 1 + Double(bits >> 12) / 0x1p52)
            for value in [usual, Double(bitPattern: bits)] {
                for places in [0, 1, 2, 3, 6, 20] {
                    #expect(decimal(value, places) == String(format: "%.\(places)f", value))
                }
            }
        }
    }

    @Test(
        "halves go to the even digit, and what is near them to its own side",
        arguments: [
            (0.5, 0, "0"), (1.5, 0, "2"), (2.5, 0, "2"), (-0.5, 0, "-0"), (0.125, 2, "0.12"), (0.375, 2, "0.38"),
            (1.005, 2, "1.00"), (0, 3, "0.000"), (-0.0, 1, "-0.0"), (0.05, 1, "0.1"), (999.9996, 3, "1000.000"),
            (.leastNonzeroMagnitude, 3, "0.000"), (1e-30, 20, "0.00000000000000000000"), (.infinity, 2, "inf"),
            (999_999_999_999_999.9, 1, "999999999999999.9"),
        ])
    func halves(value: Double, places: Int, text: String) { #expect(decimal(value, places) == text) }

    @Test(
        "a time is in UTC, in whole seconds",
        arguments: [
            (0.0, "1970-01-01T00:00:00Z"), (951_782_400.75, "2000-02-29T00:00:00Z"),
            (1_763_719_205, "2025-11-21T10:00:05Z"), (-1, "1969-12-31T23:59:59Z"),
        ])
    func times(seconds: Double, text: String) {
        #expect(timestamp(Date(timeIntervalSince1970: seconds)) == text)
    }
}
