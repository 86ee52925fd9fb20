import Calibration
import CostModels
import Diagnostics
import Foundation
import Profiles
import Testing

@Suite("Predictions beside measured rows")
struct RowPredictorTests {
    private func predicted(_ text: String) throws -> (lines: [String], predictor: RowPredictor) {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("rows-\(UUID().uuidString).csv")
        try text.write(to: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: path) }
        var predictor = try RowPredictor(
            tables: try KernelTables.read(folder: Fixture.path("Profiles/kernels/h200-sxm"), device: "h200-sxm"),
            device: Fixture.h200, gpu: "h200",
            model: try ProfileCatalog(roots: [Fixture.path("Profiles")]).model("llama-3-8b").value,
            efficiency: try Fixture.efficiency("h200-sxm"))
        var lines: [String] = []
        try predictor.predict(csv: path.path) { lines.append($0) }
        return (lines, predictor)
    }

    @Test("every row keeps its fields; rows of other GPUs and formats stay without a prediction")
    func products() throws {
        let (lines, predictor) = try predicted(
            """
            gpu,backend,kernel,dtype,m,n,k,latency_us
            h200,x,default,bf16,1024,6144,4096,70
            a100,x,default,bf16,1024,6144,4096,70
            h200,x,default,fp8,1024,6144,4096,70

            """)
        #expect(lines.count == 4)
        #expect(lines[0] == "gpu,backend,kernel,dtype,m,n,k,latency_us,predicted_us,provenance,error")
        #expect(lines[1].hasPrefix("h200,x,default,bf16,1024,6144,4096,70,"))
        #expect(lines[1].contains(",measured,"))
        #expect(lines[2] == "a100,x,default,bf16,1024,6144,4096,70,,,")
        #expect(lines[3] == "h200,x,default,fp8,1024,6144,4096,70,,,")
        #expect(predictor.unpriced == 2)
        #expect(predictor.report.entries.count == 1)
    }

    @Test("whole iterations and two lanes are known by their columns")
    func iterations() throws {
        let (lines, _) = try predicted(
            """
            kind,sms,tokens,batch,context,ms
            prefill,132,2048,1,2048,47
            decode,64,32,32,1024,5.8

            """)
        #expect(lines.count == 3)
        let fields = lines[2].split(separator: ",")
        #expect(abs(Double(fields[8])!) < 0.05)
        let (lanes, predictor) = try predicted(
            """
            kind,sms_prefill,sms_decode,tokens,batch,context,prefill_ms,decode_ms
            corun,132,132,2048,32,1024,50,30

            """)
        #expect(lanes[1].split(separator: ",", omittingEmptySubsequences: false).count == 14)
        #expect(predictor.report.entries.map(\.name).allSatisfy { $0.hasSuffix("lane, streams (132, 132)") })
    }

    @Test("a file with unknown columns, and more SMs than there are, are errors with a place")
    func errors() throws {
        let unknown = #expect(throws: InputError.self) { try predicted("a,b\n1,2\n") }
        #expect(unknown?.description.contains(".csv:1:1: error: found a header of none of the known files") == true)
        let beyond = #expect(throws: InputError.self) {
            try predicted("kind,sms,tokens,batch,context,ms\ndecode,133,1,1,10,1\n")
        }
        #expect(
            beyond?.description.contains(".csv:2:8: error: found 133 SMs, expected at most the 132 of h200-sxm") == true
        )
    }
}
