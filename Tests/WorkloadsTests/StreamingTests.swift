import Foundation
import Testing
import Workloads

@Suite("Long traces")
struct StreamingTests {
    #if DEBUG
        private static let rows = 200_000
    #else
        private static let rows = 10_000_000
    #endif

    /// Bytes of memory that the process has.
    private func residentMemory() -> Int {
        #if os(Linux)
            let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
            return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 4096 } ?? 0
        #else
            return 0
        #endif
    }

    /// Rows as they are asked for: a pipe between the writer and the reader, and no file.
    private func write(_ rows: Int, to path: String) {
        guard let pipe = fopen(path, "w") else { return }
        defer { fclose(pipe) }
        fputs("arrival_s,prompt_tokens,output_tokens\n", pipe)
        for row in 0..<rows { fputs("\(row / 8).\(row % 8 * 125),\(1 + row % 977),\(1 + row % 331)\n", pipe) }
    }

    @Test("ten million rows are streamed in flat memory")
    func flat() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "phasewise-\(UUID().uuidString)").path()
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let rows = Self.rows
        let writer = Thread { write(rows, to: path) }
        writer.start()
        let source = try TraceFileSource(path: path)
        var (count, prompts, warm) = (0, 0, 0)
        let started = Date()
        while let request = try source.next() {
            count += 1
            prompts += request.promptTokens
            if count == rows / 10 { warm = residentMemory() }
        }
        let growth = residentMemory() - warm
        print(
            "\(count) rows in \(Date().timeIntervalSince(started)) s, memory grew by \(growth) bytes after the first tenth"
        )
        #expect(count == rows)
        #expect(prompts == (0..<rows).reduce(0) { $0 + 1 + $1 % 977 })
        // Other tests run beside this one; what would hold the rows would take 500 MB.
        #expect(growth < 200 << 20)
    }
}
