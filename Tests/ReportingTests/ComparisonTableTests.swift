import Foundation
import Metrics
import Reporting
import Testing

@Suite("Comparison table")
struct ComparisonTableTests {
    private let table = ComparisonTable([
        .init(deployment: "unified", summary: summary(rate: 2, service: 0.4)),
        .init(deployment: "disaggregated", summary: summary(rate: 2, service: 0.3, gpus: 2)),
        .init(deployment: "semi-pd", summary: summary(rate: 2, service: 0.6)),
    ])

    @Test("text of three deployments")
    func text() throws { try expectGolden(table.text, "comparison.txt") }

    @Test("CSV of three deployments")
    func csv() throws { try expectGolden(table.csv, "comparison.csv") }

    @Test("JSON of three deployments")
    func json() throws { try expectGolden(table.json, "comparison.json") }

    @Test("three deployments fit a page of 100 columns, whatever their names and numbers")
    func width() {
        let columns = (0..<3).map { index in
            ComparisonTable.Column(
                deployment: "a deployment with quite a long name, number \(index)",
                summary: summary(rate: 1e-3 + Double(index) * 1e4, service: 10))
        }
        for line in ComparisonTable(columns).text.split(separator: "\n") { #expect(line.count <= 100) }
    }

    @Test("more deployments go into further tables, all compared with the first")
    func manyDeployments() {
        let columns = (0..<7).map { index in
            ComparisonTable.Column(
                deployment: "deployment-\(index)", summary: summary(rate: 2, service: 0.1 * Double(1 + index % 4)))
        }
        let text = ComparisonTable(columns).text
        for index in 0..<7 { #expect(text.contains("deployment-\(index)")) }
        for line in text.split(separator: "\n") { #expect(line.count <= 100) }
        // The fifth has the first's summary.
        #expect(text.contains("(1.00x)"))
    }

    @Test("what the text says agrees with the summaries")
    func verdict() {
        #expect(
            table.verdict == """
                SLO of TTFT up to 500 ms and TPOT up to 80 ms for 90 % of requests: met by disaggregated (100 %); \
                missed by unified (76 %) and semi-pd (0 %). Of those not overloaded, lowest P99 TTFT, lowest P99 \
                TPOT and lowest mean E2E: disaggregated; cheapest output tokens: unified. Overloaded: semi-pd; \
                latencies there grow with the length of the trace. GPUs differ (1, 2, 1): compare per GPU or by cost.
                """)
    }

    @Test("runs in which nothing was completed print dashes", arguments: [1, 2, 3])
    func nothingCompleted(count: Int) throws {
        let columns = (0..<count).map { ComparisonTable.Column(deployment: "d\($0)", summary: emptySummary()) }
        let table = ComparisonTable(columns)
        let row = try #require(table.text.split(separator: "\n").first { $0.hasPrefix("TTFT mean") })
        #expect(row.split(separator: " ").filter { $0 == "-" }.count == count)
        #expect(!table.text.contains("nan") && !table.csv.contains("nan") && !table.json.contains("nan"))
        #expect(try JSONSerialization.jsonObject(with: Data(table.json.utf8)) is [String: Any])
        #expect(table.csv.contains("ttft,mean,s" + String(repeating: ",", count: count)))
    }

    @Test("an empty run beside a good one has no ratio, and the good one none to it")
    func emptyBesideGood() {
        let good = ComparisonTable.Column(deployment: "good", summary: summary(rate: 2, service: 0.1))
        let empty = ComparisonTable.Column(deployment: "empty", summary: emptySummary())
        #expect(!ComparisonTable([good, empty]).text.contains("x)"))
        #expect(!ComparisonTable([empty, good]).text.contains("x)"))
    }

    @Test(
        "names cannot move the cursor, break lines or leave their field",
        arguments: ["\u{1B}[2J", "a\nb", "\"quoted\", with comma", "\u{202E}reversed", "tab\there", "\0"])
    func hostileNames(name: String) throws {
        let table = ComparisonTable([
            .init(deployment: name, summary: summary(rate: 2, service: 0.6)),
            .init(deployment: "other", summary: summary(rate: 2, service: 0.1)),
        ])
        let plain = ComparisonTable([
            .init(deployment: String(repeating: "p", count: name.count), summary: summary(rate: 2, service: 0.6)),
            .init(deployment: "other", summary: summary(rate: 2, service: 0.1)),
        ])
        #expect(
            table.text.split(separator: "\n", omittingEmptySubsequences: false).count
                == plain.text.split(separator: "\n", omittingEmptySubsequences: false).count)
        #expect(!table.text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x202E })
        let json = try #require(JSONSerialization.jsonObject(with: Data(table.json.utf8)) as? [String: Any])
        let deployments = try #require(json["deployments"] as? [[String: Any]])
        #expect(deployments.map { $0["deployment"] as? String } == [name, "other"])
    }

    /// What JSON says of a metric: numbers, words and nulls.
    private enum Value: Decodable, Equatable {
        case number(Double)
        case word(String)
        case null

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .word(try container.decode(String.self))
            }
        }
    }

    private struct Document: Decodable {
        struct Deployment: Decodable { var metrics: [String: [String: Value]] }

        var deployments: [Deployment]
    }

    @Test("JSON reads back as the same numbers")
    func roundTrip() throws {
        let document = try JSONDecoder().decode(Document.self, from: Data(table.json.utf8))
        #expect(document.deployments.count == table.columns.count)
        for (deployment, column) in zip(document.deployments, table.columns) {
            for entry in column.summary.entries where entry.metric != .saturation {
                let value = deployment.metrics[entry.metric.rawValue]?[entry.statistic.rawValue]
                #expect(value == entry.value.map(Value.number) ?? .null)
            }
            #expect(
                deployment.metrics["saturation"]?["value"] == column.summary.saturation.map { .word($0.rawValue) })
        }
    }
}
