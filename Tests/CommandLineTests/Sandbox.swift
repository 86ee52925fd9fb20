import Foundation
import Testing

/// A temporary folder in which the built program runs as a user would run it. Deleted with the value.
final class Sandbox {
    /// What a finished process said.
    struct Outcome {
        var output: String
        var errors: String
        var status: Int32

        var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
    }

    let folder: URL
    /// Outside the folder, so that what the program leaves there is all that is there.
    private let captures: URL

    init(_ files: [String: String] = [:]) throws {
        let base = FileManager.default.temporaryDirectory.appendingPathComponent("phasewise-\(UUID().uuidString)")
        folder = base.appendingPathComponent("work")
        captures = base.appendingPathComponent("captures")
        for folder in [folder, captures] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        for (name, text) in files { try write(text, to: name) }
    }

    deinit { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }

    /// The `phasewise` beside the test bundle.
    static let program: URL = {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("phasewise")
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder), !isFolder.boolValue {
                return candidate
            }
        }
        preconditionFailure("no phasewise above \(CommandLine.arguments[0])")
    }()

    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    func write(_ text: String, to name: String) throws {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: false, encoding: .utf8)
    }

    func contents(of name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

    /// Names of everything in the folder, sorted.
    var listing: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() }
    }

    /// Runs the program to its end.
    @discardableResult
    func run(_ arguments: String..., in subfolder: String = "") throws -> Outcome {
        try run(arguments, in: subfolder)
    }

    @discardableResult
    func run(_ arguments: [String], in subfolder: String = "") throws -> Outcome {
        try finish(start(arguments, in: subfolder))
    }

    /// A process that was started, and where its words go.
    struct Running {
        let process: Process
        fileprivate let output: URL
        fileprivate let errors: URL
    }

    /// - Parameter terminal: what standard error is connected to, if not to a file.
    func start(
        _ arguments: [String], in subfolder: String = "", program: URL = Sandbox.program, terminal: FileHandle? = nil
    ) throws -> Running {
        let id = UUID().uuidString
        let files = ["out", "err"].map { captures.appendingPathComponent("\(id).\($0)") }
        for file in files { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = subfolder.isEmpty ? folder : folder.appendingPathComponent(subfolder)
        process.environment = ["PATH": "/usr/bin:/bin", "COLUMNS": "80"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try terminal ?? FileHandle(forWritingTo: files[1])
        try process.run()
        return Running(process: process, output: files[0], errors: files[1])
    }

    func finish(_ running: Running) throws -> Outcome {
        running.process.waitUntilExit()
        return Outcome(
            output: try String(contentsOf: running.output, encoding: .utf8),
            errors: try String(contentsOf: running.errors, encoding: .utf8), status: running.process.terminationStatus)
    }

    /// Runs a line of shell in which `phasewise` is the program.
    func shell(_ line: String) throws -> Outcome {
        let quoted = "'\(Self.program.path)'"
        return try finish(
            start(["-c", "phasewise() { \(quoted) \"$@\"; }\n\(line)"], program: URL(fileURLWithPath: "/bin/sh")))
    }
}

extension Sandbox {
    /// With `t.csv`, a trace of 300 requests that the program has made.
    static func withTrace(_ files: [String: String] = [:]) throws -> Sandbox {
        let sandbox = try Sandbox(files)
        let made = try sandbox.run("trace", "generate", "azure-conv", "--requests", "300", "--output", "t.csv")
        try #require(made.status == 0, "\(made.errors)")
        return sandbox
    }

    /// The flags of a run of `t.csv`, to which others are added.
    static let flags = ["--trace", "t.csv", "--model", "llama-3-8b", "--device", "h200-sxm"]

    /// One value of a database, as text.
    func query(_ sql: String, database: String = "phasewise.sqlite") throws -> String {
        let outcome = try run("results", "sql", sql, "--format", "csv", "--database", database)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }
}

/// Compares with a file in Tests/Golden; `make goldens` rewrites it.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let file = Sandbox.repository.appendingPathComponent("Tests/Golden/\(name)")
    if ProcessInfo.processInfo.environment["PHASEWISE_UPDATE_GOLDENS"] != nil {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let golden = try? String(contentsOf: file, encoding: .utf8)
    #expect(golden == text, "make goldens rewrites \(name)", sourceLocation: sourceLocation)
}
