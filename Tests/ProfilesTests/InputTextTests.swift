import Diagnostics
import Foundation
import Testing

@testable import Profiles

@Suite("Text of settings files")
struct InputTextTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("phasewise-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    @Test("a file of any size comes whole", arguments: [0, 1, 4_095, 4_096, 4_097, 100_000])
    func sizes(size: Int) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = String((0..<size).map { Character(Unicode.Scalar(UInt8(32 + $0 % 90))) })
        try Data(text.utf8).write(to: URL(fileURLWithPath: path("file")))
        #expect(try InputText.read(path("file")) == text)
    }

    @Test("a pipe comes whole, though it does not say how long it is")
    func pipe() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let pipe = path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let text = String(repeating: "launch_seconds: 1e-6\n", count: 10_000)
        let writer = Thread { try? Data(text.utf8).write(to: URL(fileURLWithPath: pipe), options: []) }
        writer.start()
        #expect(try InputText.read(pipe) == text)
    }

    @Test("what is no settings file is named for what it is")
    func refused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(problem(path("nothing")) == "found no such file")
        #expect(problem(folder.path) == "found a folder, expected a file")
        let large = path("large")
        #expect(FileManager.default.createFile(atPath: large, contents: nil))
        try #require(truncate(large, off_t(InputText.maximumBytes + 1)) == 0)
        #expect(problem(large) == "found more than 64 MiB, expected a settings file")
    }

    private func problem(_ path: String) -> String? {
        do throws(InputError) {
            _ = try InputText.read(path)
            return nil
        } catch { return error.diagnostics.first?.message }
    }
}
