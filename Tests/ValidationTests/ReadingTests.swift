import Diagnostics
import Foundation
import Testing
import Validation

@Suite("Reading measured serving runs")
struct ReadingTests {
    private static let requestHeader = "policy,x,y,mix,rate,request,arrival_s,prompt_tokens,output_tokens,ttft_s,e2e_s"
    private static let stepHeader = "policy,x,y,mix,rate,phase,start_s,end_s,sequences,tokens,graph_batch"

    /// Reads a folder with these lines below the headers.
    private func read(
        requests: [String], steps: [String] = [], requestHeader: String = requestHeader
    ) throws -> [ServingRun] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ lines: [String], _ name: String) throws {
            let text = lines.joined(separator: "\n") + "\n"
            try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }
        try write([requestHeader] + requests, "requests.csv")
        // Plain text under the name of a compressed file: recognised by content.
        try write([Self.stepHeader] + steps, "iterations.csv.gz")
        return try ServingRun.read(folder: folder.path)
    }

    @Test("rows are gathered into runs by policy, partition, mix and rate")
    func runs() throws {
        let runs = try read(
            requests: [
                "unified,0,0,chat,20.0,0,0.5,70,66,0.015,0.43", "semi-pd-mps,80,100,chat,20.0,0,0.5,70,66,0.02,0.5",
                "unified,0,0,chat,20.0,1,0.75,60,1,0.0125,0.0125",
            ],
            steps: [
                "unified,0,0,chat,20.0,p,0.5,0.515,1,70,0", "unified,0,0,chat,20.0,d,0.515,0.521,1,71,1",
                "semi-pd-mps,80,100,chat,20.0,p,0.5,0.52,1,70,0",
            ])
        #expect(runs.map(\.policy) == [.unified, .semiPD(prefill: 80, decode: 100)])
        #expect(runs[0].requests.map(\.promptTokens) == [70, 60])
        #expect(runs[0].steps(.decode).map(\.tokens) == [71])
        #expect(runs[1].steps.count == 1)
    }

    @Test(
        "a malformed field is reported with its place",
        arguments: [
            ("unified,0,0,chat,20,0,0.5,x,66,0.1,0.4", "requests.csv:2:27: error: prompt_tokens \"x\""),
            ("unified,0,0,chat,20,0,0.5,70,66,0.5,0.4", "requests.csv:2:37: error: e2e_s \"0.4\""),
            ("magic,0,0,chat,20,0,0.5,70,66,0.1,0.4", "requests.csv:2:1: error: policy \"magic\""),
            ("semi-pd-mps,101,90,chat,20,0,0.5,7,6,0.1,0.4", "requests.csv:2:13: error: x \"101\""),
            ("unified,0,0,chat,20,0,-1,70,66,0.1,0.4", "requests.csv:2:23: error: arrival_s \"-1\""),
            ("unified,0,0,chat,20,0,0.5,70", "requests.csv:2:1: error: 8 fields, expected 11"),
        ])
    func malformed(line: String, expected: String) throws {
        let error = try #require(throws: InputError.self) { try read(requests: [line]) }
        #expect(error.description.contains(expected), "\(error)")
    }

    @Test("a missing column and a step of no run are errors")
    func missing() throws {
        let column = try #require(throws: InputError.self) {
            try read(requests: [], requestHeader: "policy,x,y,mix,rate,arrival_s,prompt_tokens,output_tokens,ttft_s")
        }
        #expect(column.description.contains("requests.csv:1:1: error: no column \"e2e_s\""))
        let step = try #require(throws: InputError.self) {
            try read(requests: [], steps: ["unified,0,0,chat,20.0,p,0.5,0.515,1,70,0"])
        }
        #expect(step.description.contains("iterations.csv.gz:2:1: error: policy \"unified\""))
    }

    @Test("no more than twenty findings are reported")
    func limit() throws {
        let lines = Array(repeating: "unified,0,0,chat,20,0,0.5,x,66,0.1,0.4", count: 50)
        let error = try #require(throws: InputError.self) { try read(requests: lines) }
        #expect(error.diagnostics.count == 20)
    }
}
