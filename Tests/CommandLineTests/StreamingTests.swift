import Foundation
import Testing

@Suite("Long traces")
struct StreamingTests {
    #if DEBUG
        private static let rows = 200_000
    #else
        private static let rows = 10_000_000
    #endif

    /// Bytes of memory that a running process has had at most; nothing where the system does not say.
    private func peakMemory(of process: Process) -> Int? {
        let path = "/proc/\(process.processIdentifier)/status"
        guard let status = try? String(contentsOfFile: path, encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kibibytes = line.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) })
        else { return nil }
        return kibibytes << 10
    }

    @Test("ten million rows are streamed in flat memory")
    func flat() throws {
        let sandbox = try Sandbox()
        #expect(mkfifo(sandbox.path("rows"), 0o600) == 0)
        // Rows as they are asked for: a pipe between the writer and the reader, and no file.
        let writing = """
            awk 'BEGIN {
                print "arrival_s,prompt_tokens,output_tokens"
                for (row = 0; row < \(Self.rows); row++)
                    printf "%d.%d,%d,%d\\n", row / 8, row % 8 * 125, 1 + row % 977, 1 + row % 331
            }' >rows
            """
        let writer = try sandbox.start(["-c", writing], program: URL(fileURLWithPath: "/bin/sh"))
        defer { writer.process.terminate() }
        let reader = try sandbox.start(["trace", "check", "rows"])
        var peaks: [Int] = []
        while reader.process.isRunning {
            if let peak = peakMemory(of: reader.process) { peaks.append(peak) }
            usleep(10_000)
        }
        let outcome = try sandbox.finish(reader)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("rows: \(Self.rows) requests over "))
        #if os(Linux)
            // Rows that were held would take 500 MB.
            let peak = try #require(peaks.last)
            #expect(peak < 100 << 20, "\(peak) bytes")
        #endif
    }
}
