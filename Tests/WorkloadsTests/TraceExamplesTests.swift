import EventKernel
import Foundation
import Testing
import Workloads

/// The examples that `Traces/README.md` shows, by the format that their section is about.
private let examples: [(format: String, text: String)] = {
    let file = URL(filePath: #filePath).appending(path: "../../../Traces/README.md").standardizedFileURL
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    var found: [(format: String, text: String)] = []
    for section in text.components(separatedBy: "\n### `").dropFirst() {
        let format = String(section.prefix { $0 != "`" })
        for (index, block) in section.components(separatedBy: "```\n").enumerated() where index % 2 == 1 {
            found.append((format, block))
        }
    }
    return found
}()

@Suite("Examples of traces in the documentation")
struct TraceExamplesTests {
    @Test("an example is recognised as its format and read without an error", arguments: examples)
    func example(format: String, text: String) throws {
        let arrivals = GivenArrivals(.poisson(rate: 1), streams: RandomStreams(seed: 1))
        let trace = try TraceReader.read(bytes: Array(text.utf8), name: "example", arrivals: arrivals).trace
        #expect(trace.provenance.format == format)
    }

    @Test("every format has an example")
    func allShown() {
        #expect(TraceFormat.allCases.allSatisfy { format in examples.contains { $0.format == format.rawValue } })
    }
}
