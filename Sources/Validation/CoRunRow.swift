public import Diagnostics
internal import Foundation
internal import Workloads

/// Layers of a prefill and of a decode, each repeated without pause beside the other, and each alone: one line of
/// `corun.jsonl`.
public struct CoRunRow: Hashable, Sendable, Decodable {
    /// How the SMs were divided: `green` contexts, `mps` percentages or unpartitioned `streams`.
    public var mechanism: String
    public var tokens: Int
    public var batch: Int
    public var context: Int
    public var layers: Int
    public var prefillSMs: Int
    public var decodeSMs: Int
    public var prefillAloneMicroseconds: Double
    public var decodeAloneMicroseconds: Double
    public var prefillSlowdown: Double
    public var decodeSlowdown: Double

    private enum CodingKeys: String, CodingKey {
        case mechanism, tokens, batch, context, layers
        case prefillSMs = "sms_prefill"
        case decodeSMs = "sms_decode"
        case prefillAloneMicroseconds = "prefill_alone_us"
        case decodeAloneMicroseconds = "decode_alone_us"
        case prefillSlowdown = "prefill_slowdown"
        case decodeSlowdown = "decode_slowdown"
    }

    /// Reads a file of JSON lines, plain or gzip. Lines of other kinds, without slowdowns, are passed over.
    public static func read(path: String) throws(InputError) -> [CoRunRow] {
        let decoder = JSONDecoder()
        var rows: [CoRunRow] = []
        try forEachLine(ofFile: path) { (line, number) throws(InputError) in
            if !line.contains("\"prefill_slowdown\"") { return }
            do {
                rows.append(try decoder.decode(CoRunRow.self, from: Data(line.utf8)))
            } catch {
                throw InputError(
                    at: SourceLocation(file: path, line: number, column: 1), "not a row of a co-run: \(error)")
            }
        }
        return rows
    }
}
