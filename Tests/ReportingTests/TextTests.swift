import EventKernel
import Foundation
import Testing

@testable import Reporting

@Suite("Text")
struct TextTests {
    @Test(
        "numbers are rounded to a fixed number of decimals",
        arguments: [
            (0, 2, "0.00"), (0.005, 1, "0.0"), (0.05, 1, "0.1"), (1.25, 1, "1.3"), (99.995, 1, "100.0"),
            (1234.5678, 0, "1235"), (-0.04, 1, "0.0"), (-1.26, 1, "-1.3"), (.nan, 1, "-"), (.infinity, 2, "-"),
            (1e300, 2, "1e+300"),
        ] as [(Double, Int, String)])
    func rounding(value: Double, decimals: Int, expected: String) {
        #expect(fixed(value, decimals: decimals) == expected)
    }

    @Test("rounding agrees with C's for numbers that are no ties", arguments: 0..<200 as Range<UInt64>)
    func roundingProperty(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "numbers")
        let value = random.logNormal(mu: 0, sigma: 5)
        for decimals in 0..<4 {
            #expect(fixed(value, decimals: decimals) == String(format: "%.\(decimals)f", value))
        }
    }

    @Test(
        "readable numbers keep four digits",
        arguments: [
            (0, "0"), (0.1234, "0.123"), (9.8765, "9.877"), (98.765, "98.77"), (987.65, "987.7"), (9876.5, "9877"),
            (123456.7, "123457"),
        ] as [(Double, String)])
    func readableNumbers(value: Double, expected: String) { #expect(readable(value) == expected) }

    @Test("columns are as wide as their longest cell and lines have no trailing spaces")
    func table() {
        var table = TextTable(headings: ["name", "n"], alignments: [.left, .right])
        table.append(["a", "1"])
        table.appendBlankLine()
        table.append(["longer one", "1000"])
        table.append(["x", ""])
        #expect(
            table.text == """
                name           n
                ----------  ----
                a              1

                longer one  1000
                x

                """)
    }

    @Test("a long name loses its middle")
    func shortening() {
        #expect(shortened("semi-pd with a controller, 60:40", to: 11) == "semi-…60:40")
        #expect(shortened("unified", to: 7) == "unified")
    }

    @Test("text is broken at spaces")
    func wrapping() {
        #expect(wrapped("one two three four", to: 9) == "one two\nthree\nfour\n")
        #expect(wrapped("unbreakable", to: 4) == "unbreakable\n")
        #expect(wrapped("", to: 4) == "\n")
    }

    @Test("CSV fields are quoted where they need it")
    func csv() { #expect(csvLine(["a", "b,c", "d\"e", "f\ng", ""]) == "a,\"b,c\",\"d\"\"e\",\"f\ng\",\n") }

    @Test("JSON writes what Foundation reads", arguments: ["", "\"\\/\u{8}\u{1F}\u{7F}\n\r\t", "模型 🧪", "\u{2028}"])
    func json(text: String) throws {
        let value = JSONText.array([
            .string(text), .null, .bool(true), .integer(-3), .number(.leastNonzeroMagnitude), .number(0.1),
            .number(1e300),
            .number(.nan),
            .object([]), .array([]),
        ])
        let read = try #require(JSONSerialization.jsonObject(with: Data(value.text().utf8)) as? [Any])
        #expect(read[0] as? String == text)
        #expect((read[4] as? NSNumber)?.doubleValue == .leastNonzeroMagnitude)
        #expect((read[6] as? NSNumber)?.doubleValue == 1e300)
        #expect(read[7] is NSNull)
    }
}
