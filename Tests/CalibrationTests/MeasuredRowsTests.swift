import Calibration
import Diagnostics
import Foundation
import Testing

@Suite("Reading measured tables")
struct MeasuredRowsTests {
    private func read(_ text: String) throws -> MeasuredRows {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).csv")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        var rows = MeasuredRows()
        let selection = try #require(RowSelection.reference(gpu: "h200"))
        do throws(InputError) {
            try rows.add(csv: file.path, selecting: selection)
        } catch {
            var located = error.diagnostics
            for index in located.indices { located[index].location?.file = "rows.csv" }
            throw InputError(located)
        }
        return rows
    }

    @Test("rows of the selection are kept, others are passed over unread")
    func selection() throws {
        let rows = try read(
            """
            gpu,backend,kernel,dtype,m,n,k,latency_us
            h200,trtllm-1.3.0rc20,trtllm,bf16,8,4096,4096,13.5
            h200,trtllm-1.3.0rc20,trtllm,fp8,8,4096,4096,9
            h100,trtllm-1.3.0rc20,trtllm,bf16,x,y,z,w
            """)
        #expect(rows.gemm == [GEMMRow(m: 8, n: 4096, k: 4096, seconds: 13.5e-6)])
    }

    @Test("attention rows are told apart by their query length and past")
    func attention() throws {
        let rows = try read(
            """
            gpu,backend,kernel,q_dtype,kv_dtype,batch,q_len,past,heads,kv_heads,head_dim,window,latency_us
            h200,vllm-0.24.0,fa3,bf16,bf16,4,1,511,32,8,128,0,15.5
            h200,vllm-0.24.0,fa3,bf16,bf16,4,512,0,32,8,128,0,50.1
            h200,vllm-0.24.0,fa3,bf16,bf16,4,512,0,32,8,128,128,40
            """)
        #expect(rows.decodeAttention.map(\.past) == [511])
        #expect(rows.prefillAttention.map(\.queryLength) == [512])
    }

    private static let header = "gpu,backend,kernel,dtype,m,n,k,latency_us\nh200,trtllm-1.3.0rc20,trtllm,bf16,"

    @Test(
        "what is wrong is said with its place",
        arguments: [
            ("", "rows.csv:1:1: error: the file is empty"),
            ("a,b\n1,2\n", "rows.csv:1:1: error: not a known table of measurements"),
            ("gpu,m,n,k\n", "rows.csv:1:1: error: column \"backend\" is missing"),
            (header + "8,4096\n", "rows.csv:2:1: error: 6 fields, expected 8 as in the header"),
            (header + "8,none,4096,3\n", "rows.csv:2:37: error: n \"none\" is not a whole number of at least 1"),
            (header + "0,4096,4096,3\n", "rows.csv:2:35: error: m \"0\" is not a whole number of at least 1"),
            (header + "8,4096,4096,-3\n", "rows.csv:2:47: error: latency_us \"-3\" is not a number above 0"),
        ])
    func malformed(text: String, message: String) throws {
        let error = try #require(throws: InputError.self) { try read(text) }
        #expect(error.description.hasPrefix(message), "\(error)")
    }

    @Test("up to twenty errors are shown at once")
    func many() throws {
        let row = "h200,trtllm-1.3.0rc20,trtllm,bf16,0,1,1,1\n"
        let text = "gpu,backend,kernel,dtype,m,n,k,latency_us\n" + String(repeating: row, count: 30)
        let error = try #require(throws: InputError.self) { try read(text) }
        #expect(error.diagnostics.count == 20)
    }

    @Test("a file that is not there is named")
    func absent() throws {
        var rows = MeasuredRows()
        let error = try #require(throws: InputError.self) {
            try rows.add(csv: "no/such.csv", selecting: try #require(.reference(gpu: "h200")))
        }
        #expect(error.description.contains("no/such.csv: cannot be read"))
    }
}
