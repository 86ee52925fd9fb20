import Diagnostics
import Testing

@testable import Profiles

@Suite("Texts of kernel tables")
struct KernelTableTextTests {
    private func row(_ field: String) throws -> KernelTableText.Row {
        try #require(
            try KernelTableText("# note\nname,values\n\nx,\(field)\n", file: "t.csv", columns: ["name", "values"]).rows
                .first)
    }

    @Test(
        "numbers are those that the standard library reads",
        arguments: [
            "0", "7", "007", "-3", "0.5", "-0.25", "6.70605", "1234567.25", "999999999999999", "9999999999999999",
            "0.000000000000001", "123456789012345.6", "1e5", "-1.868e-05", "+4", "1.", ".5", "0x10", "-0",
            "18446744073709551616", "0.1234567890123456789",
        ])
    func numbers(text: String) throws {
        let value = try #require(Double(text))
        #expect(try row(text).number(1).bitPattern == value.bitPattern)
        #expect(try row("1 \(text) 2").numbers(1).map(\.bitPattern) == [1, value, 2].map(\.bitPattern))
    }

    @Test("every number with up to six digits on either side of the point", arguments: 0..<7)
    func decimals(decimals: Int) throws {
        for value in stride(from: 1, to: 1_000_000, by: 997) {
            let digits = String(repeating: "0", count: decimals) + "\(value)"
            let text = decimals == 0 ? digits : "\(digits.dropLast(decimals)).\(digits.suffix(decimals))"
            #expect(try row(text).number(1).bitPattern == Double(text)?.bitPattern, "\(text)")
        }
    }

    @Test(
        "what is no number is named with its place",
        arguments: [
            ("1 x 3", 5, "x"), ("", 3, ""), ("1  2", 5, ""), ("1 2 ", 7, ""), ("inf", 3, "inf"), ("-", 3, "-"),
            ("1.2.3", 3, "1.2.3"), ("5 nan", 5, "nan"),
        ])
    func places(text: String, column: Int, found: String) throws {
        let row = try row(text)
        let error = try #require(throws: InputError.self) { try row.numbers(1) }
        #expect(error.description == "t.csv:4:\(column): error: found \"\(found)\", expected a number")
    }

    @Test("counts are whole numbers within their bounds")
    func counts() throws {
        #expect(try row("17").count(1) == 17)
        #expect(try row("0").count(1, atLeast: 0) == 0)
        for text in ["0", "-1", "1.5", "", "99999999999999999999", "1e3"] {
            let error = try #require(throws: InputError.self) { try row(text).count(1) }
            #expect(
                error.description == "t.csv:4:3: error: found \"\(text)\", expected a whole number of at least 1")
        }
    }
}
