import Foundation
import Metrics
import Reporting
import ResultStore
import Testing

@Suite("Stored runs")
struct RunReportTests {
    private let overviews = [
        RunOverview(
            id: 1, createdAt: "2025-11-21T10:00:00Z", name: "chat", comparison: "c", deployment: "unified", seed: 1,
            gpus: 1, arrived: 1000, completed: 998, sloAttainment: 0.9312, saturation: .stable),
        RunOverview(
            id: 12, createdAt: "2025-11-21T10:00:01Z", name: "a name that goes on and on", comparison: nil,
            deployment: "semi-pd, 60 to 40, controller", seed: .max, gpus: 8, arrived: 0, completed: 0,
            sloAttainment: nil, saturation: nil),
    ]

    @Test("a list of runs")
    func listing() throws {
        try expectGolden(RunListing(overviews).text, "runs.txt")
        #expect(RunListing([]).text == "No runs are stored.\n")
        #expect(RunListing([]).json == "[]")
    }

    @Test("a list of runs as CSV and JSON has the names in full")
    func listingForPrograms() throws {
        let listing = RunListing(overviews)
        #expect(listing.csv.contains("\"semi-pd, 60 to 40, controller\",18446744073709551615,8,0,0,,\n"))
        let json = try #require(JSONSerialization.jsonObject(with: Data(listing.json.utf8)) as? [[String: Any]])
        #expect(json[1]["seed"] as? String == "18446744073709551615")
        #expect(json[1]["comparison"] is NSNull)
    }

    @Test("a list of runs fits a page")
    func listingWidth() {
        var overview = overviews[1]
        overview.seed = 1234
        overview.arrived = 1_000_000
        overview.completed = 1_000_000
        for line in RunListing([overview]).text.split(separator: "\n") { #expect(line.count <= 100) }
    }

    @Test("one run in full")
    func report() throws {
        let report = RunReport(storedRun(summary(rate: 2, service: 0.4)))
        try expectGolden(report.text, "run.txt")
        for line in report.text.split(separator: "\n") { #expect(line.count <= 100) }
        let json = try #require(JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect(json["fingerprint"] as? String == "000000000000f00d")
        #expect(json["scenario"] as? String == "model: llama-3-8b\n")
        #expect(report.csv.split(separator: "\n").count == 1 + report.run.summary.entries.count)
    }

    @Test("a run in which nothing happened prints dashes")
    func emptyRun() throws {
        let report = RunReport(storedRun(emptySummary(slo: nil)))
        #expect(report.text.contains("SLO           none"))
        #expect(!report.text.contains("nan"))
        #expect(try JSONSerialization.jsonObject(with: Data(report.json.utf8)) is [String: Any])
    }

    @Test("the answer to a query in three formats")
    func query() {
        let report = QueryReport(
            QueryResult(columns: ["a", "b"], rows: [["1", nil], ["x,y", "2"]], isTruncated: true))
        #expect(
            report.rendered(as: .text) == """
                a    b
                ---  -
                1    -
                x,y  2
                … and more rows

                """)
        #expect(report.rendered(as: .csv) == "a,b\n1,\n\"x,y\",2\n")
        #expect(
            report.rendered(as: .json) == """
                {
                  "columns": [
                    "a",
                    "b"
                  ],
                  "rows": [
                    [
                      "1",
                      null
                    ],
                    [
                      "x,y",
                      "2"
                    ]
                  ],
                  "isTruncated": true
                }

                """)
    }
}
