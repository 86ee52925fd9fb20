import Diagnostics
import Reproduction
import Testing

@Suite("The semi-PD paper's experiments")
struct SemiPDReproductionTests {
    private static let brief = Setup(replications: 1, requests: 100, coRuns: MeasuredCoRuns.h200)

    @Test("both laws of Fig. 10 hold with R² of at least 0.98")
    func laws() {
        let laws = LatencyLaws(Setup(replications: 3, requests: 1000, coRuns: MeasuredCoRuns.h200))
        #expect(laws.decode.rSquared >= 0.98)
        #expect(laws.prefill.rSquared >= 0.98)
        print("TPOT slope:intercept \(laws.decode.slope):\(laws.decode.intercept)")
        print("TTFT slope:intercept \(laws.prefill.slope):\(laws.prefill.intercept), λ \(laws.lambda)")
    }

    @Test("every target row has a verdict, and every figure a file")
    func complete() throws {
        let reproduction = SemiPDReproduction(Self.brief, beside: DigitisedFigures())
        #expect(reproduction.rows.map(\.number) == [1, 3, 7, 8, 9, 10, 11, 12, 13, 16])
        #expect(reproduction.rows.allSatisfy { !$0.checks.isEmpty })
        #expect(
            reproduction.files.map(\.name) == [
                "figure-3.csv", "figure-4.csv", "figure-9.csv", "figure-10.csv", "figure-12a.csv", "figure-12b.csv",
                "figure-13a.csv", "hard-split.csv", "figure-15a.csv", "figure-15b.csv", "digitised.csv", "README.md",
            ])
        let readme = try #require(reproduction.files.last)
        for row in reproduction.rows { #expect(readme.text.contains("| \(row.number) | \(row.result) |")) }
    }

    @Test("the same setup gives the same files, and the paper's points change no value of ours")
    func deterministic() throws {
        let points = """
            \(DigitisedFigures.columns)
            12,a,Llama3-8B,ShareGPT,P90 TTFT ms,DistServe,10.5,115.0,visible,published
            9,c,Llama3-8B,ShareGPT,P90 TTFT ms,"DistServe (1,1,1,1)",2,74,visible,published
            """
        let bare = SemiPDReproduction(Self.brief, beside: DigitisedFigures())
        let again = SemiPDReproduction(Self.brief, beside: DigitisedFigures())
        #expect(bare.files == again.files)
        let beside = SemiPDReproduction(Self.brief, beside: try DigitisedFigures(csv: points, file: "points.csv"))
        #expect(beside.files.last == bare.files.last)
        let digitised = try #require(beside.files.first { $0.name == "digitised.csv" })
        #expect(Set(digitised.text.split(separator: "\n")) == Set(points.split(separator: "\n")))
        for (a, b) in zip(beside.files, bare.files) where a.name.hasPrefix("figure") {
            let ours = { (text: String) in
                text.split(separator: "\n").map {
                    $0.split(separator: ",", omittingEmptySubsequences: false).dropLast(3)
                }
            }
            #expect(ours(a.text) == ours(b.text))
        }
    }

    @Test("the grid of decode has every point once")
    func decodeGrid() {
        var asked: [Int] = []
        let grid = DecodeGrid(Setup(replications: 1, requests: 8, coRuns: MeasuredCoRuns.h200)) { done, all in
            asked.append(done)
            #expect(all == 14 * 72)
        }
        let rows = grid.csv.split(separator: "\n").dropFirst()
        #expect(asked == Array(0..<1008) && rows.count == 1008)
        #expect(Set(rows.map { $0.split(separator: ",").prefix(3) }).count == 1008)
        #expect(rows.contains { $0.hasPrefix("\"waits for pulls of 7 ms\",20,0.21,") })
    }

    @Test(
        "a file that holds no points is refused with the place",
        arguments: [
            ("figure,x\n", "points.csv:1:1: error: found \"figure,x\", expected"),
            ("\(DigitisedFigures.columns)\n1,2,3\n", "points.csv:2:1: error: found 3 columns, expected 10"),
            (
                "\(DigitisedFigures.columns)\n12,a,m,d,q,s,one,2,visible,published\n",
                "points.csv:2:1: error: found x \"one\" and value \"2\", expected two numbers"
            ),
        ])
    func malformed(text: String, message: String) throws {
        let error = #expect(throws: InputError.self) { try DigitisedFigures(csv: text, file: "points.csv") }
        #expect(try #require(error).description.hasPrefix(message))
    }
}
