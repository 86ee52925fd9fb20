internal import Diagnostics
internal import Foundation
internal import Planning
internal import ResultStore

/// A sweep as a Slurm job array: an element for each shard that is not complete, and a job that merges what they wrote.
///
/// Shards keep databases of their own in a folder beside the sweep's; an element that failed is submitted again by the
/// same command, and goes on where it was.
struct SlurmArray {
    let plan: String
    let name: String
    let shards: Int
    /// The sweep's database; the folder of the shards is beside it.
    let database: String
    /// For sbatch, in front of our own.
    let options: [String]
    /// For the elements: what the sweep itself was given.
    let arguments: [String]

    var folder: String { "\(database).shards" }

    func database(of shard: Int) -> String { "\(folder)/shard-\(shard)-of-\(shards).sqlite" }

    /// The shards with runs that neither the sweep's database nor their own has.
    func incomplete(_ sweep: SweepRun) throws -> [Int] {
        let merged = try ResultStore.storedRuns(in: database)
        return try (0..<shards).filter { index in
            guard let shard = Shard(index: index, count: shards) else { return false }
            let own = try ResultStore.storedRuns(in: database(of: index))
            return sweep.missing(from: merged).contains { shard.holds($0.point) && own[$0.key] == nil }
        }
    }

    /// Submits the array and the merge after it; only the merge if all shards are complete.
    ///
    /// - Returns: What was submitted, in words.
    func submit(_ incomplete: [Int]) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let queued = try Self.slurm("squeue", ["--noheader", "--format=%i", "--name=\(jobName)"])
        guard queued.isEmpty else {
            throw InputError(
                at: nil, "this sweep is queued or running already, as job \(queued.split(separator: "\n")[0])",
                help: "give the command again when it has ended")
        }
        var dependency: [String] = []
        var words = ""
        if !incomplete.isEmpty {
            let elements = incomplete.map(String.init).joined(separator: ",")
            let job = try sbatch(["--array=\(elements)", "--output=\(folder)/%A_%a.log"], script: elementScript)
            // Also after failures: what other elements have done is not held back by them.
            dependency = ["--dependency=afterany:\(job)"]
            words = "array \(job) of \(incomplete.count) shards, "
        }
        let merge = try sbatch(dependency + ["--output=\(folder)/%j.log"], script: mergeScript)
        return words + "merge \(merge)"
    }

    private var jobName: String { "phasewise-\(name.filter { $0.isLetter || $0.isNumber || $0 == "-" })-\(shards)" }

    private var elementScript: String {
        let given = arguments.map(Self.quoted).joined(separator: " ")
        return """
            #!/bin/sh
            # One shard; its index comes from the environment.
            exec \(program) sweep \(Self.quoted(plan)) --shard env/\(shards) \
            --database \(Self.quoted(folder))/shard-"$SLURM_ARRAY_TASK_ID"-of-\(shards).sqlite \(given) --format csv

            """
    }

    private var mergeScript: String {
        """
        #!/bin/sh
        exec \(program) results merge \(Self.quoted(folder))/shard-*-of-\(shards).sqlite --database \(Self.quoted(database))

        """
    }

    private var program: String {
        Self.quoted(Bundle.main.executableURL?.resolvingSymlinksInPath().path ?? "phasewise")
    }

    private func sbatch(_ arguments: [String], script: String) throws -> String {
        let file = "\(folder)/\(arguments.contains { $0.hasPrefix("--array") } ? "element" : "merge").sh"
        try script.write(toFile: file, atomically: true, encoding: .utf8)
        let answer = try Self.slurm("sbatch", ["--parsable", "--job-name=\(jobName)"] + options + arguments + [file])
        // ID, or ID;CLUSTER.
        guard let job = answer.split(whereSeparator: { $0 == ";" || $0 == "\n" }).first else {
            throw InputError(at: nil, "sbatch said nothing, expected the number of a job")
        }
        return String(job)
    }

    /// The standard output of one of Slurm's programs.
    ///
    /// - Throws: `InputError` with what it complained of, or that it is not there.
    private static func slurm(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let line = complaint.split(separator: "\n").first.map(String.init) ?? "exit \(process.terminationStatus)"
            throw InputError(
                at: nil, "\(program): \(line)", help: "--engine slurm needs sbatch and squeue of a cluster")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// For /bin/sh.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

extension ResultStore {
    /// The runs of this version in a database; a database that is not there yet holds nothing.
    static func storedRuns(in path: String) throws(ResultStoreError) -> [RunKey: Int64] {
        do { return try ResultStore(readingFrom: path).runNumbers(revision: Phasewise.version) } catch {
            switch error {
            case .cannotOpen, .noResults: return [:]
            default: throw error
            }
        }
    }
}
