internal import ArgumentParser
internal import Diagnostics
internal import Foundation
internal import Planning
internal import Profiles
internal import Reporting
internal import ResultStore

struct Sweep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Runs a scenario at many settings of its fields and stores every run.",
        discussion: """
            A plan names a scenario and axes over any of its fields: lists, grids, random points or a Latin hypercube \
            (Profiles/sweeps). Every deployment of the scenario is a run. Each run is stored as soon as it is done, and \
            runs that are stored already are not repeated: give the same command again after an interruption.

            Examples:
              phasewise sweep Profiles/sweeps/rate-and-partition.yaml --dry-run
              phasewise sweep Profiles/sweeps/rate-and-partition.yaml --metrics ttft.p99,tpot.p99 --plot
              phasewise sweep Profiles/sweeps/rate-and-partition.yaml --engine slurm --shards 16
            """)

    @Argument(help: "Sweep plan (YAML).") var plan: String
    @Option(name: .customLong("set"), help: "Change any field of the scenario before the axes do. Repeatable.")
    var overrides: [String] = []
    @Option(help: "Results database; made if it does not exist.") var database = "phasewise.sqlite"
    @Option(help: "Rows to store besides each run's summary: all or none.") var rows = RowKeeping.none
    @Option(help: "Runs at the same time. Default: one on each core.") var jobs: Int?
    @Option(
        help: """
            Only one of several parts of the points, as in 0/16, or env/16 with the index from JOB_COMPLETION_INDEX or \
            SLURM_ARRAY_TASK_ID.
            """)
    var shard: String?
    @Option(help: "Where to run: here, or slurm for a job array and a job that merges its results.")
    var engine = Engine.here
    @Option(help: "Elements of the job array.") var shards = 16
    @Option(
        name: .customLong("sbatch"), help: "A further option for sbatch, as in --sbatch=--partition=cpu. Repeatable.")
    var sbatchOptions: [String] = []
    @Option(help: "Columns of the answer, as in ttft.p99,sloAttainment.")
    var metrics = "ttft.p50,ttft.p99,tpot.p99,sloAttainment"
    @Flag(help: "Plot attainment and P90 latencies over the first axis of numbers below the table.") var plot = false
    @Flag(help: "Say what would be run and how long it would take, and run nothing.") var dryRun = false
    @Option(help: "Folder of profiles, before the default ones.") var profiles: String?
    @Option(help: "Format of the answer on standard output: text, csv or json.") var format = ReportFormat.text
    @Flag(name: .shortAndLong, help: "No progress and no notes on standard error.") var quiet = false

    enum Engine: String, ExpressibleByArgument, CaseIterable { case here, slurm }

    func validate() throws {
        if shards < 1 { throw ValidationError("found --shards \(shards), expected 1 or more") }
        if engine == .slurm, shard != nil {
            throw ValidationError("found --shard with --engine slurm, which makes its own")
        }
        if plot, format != .text || dryRun || engine == .slurm {
            throw ValidationError("found --plot without a table in text to put it below")
        }
        if let jobs, jobs < 1 { throw ValidationError("found --jobs \(jobs), expected 1 or more") }
        if let shard, try chosenShard() == nil {
            throw ValidationError("found --shard \(shard), expected INDEX/COUNT as in 0/16")
        }
    }

    func run() throws {
        let columns = try MetricSelection.list(metrics, flag: "--metrics")
        let evaluator = Evaluator(try Workspace(profiles: profiles))
        let sweep = try SweepRun(
            try SweepPlan.load(path: plan, overrides: overrides), shard: try chosenShard(),
            evaluator: evaluator)
        let curves = try plot ? SweepPlot(sweep) : nil
        let parallel = Parallel(workers: jobs)
        if dryRun { return try tellPlan(of: sweep, on: parallel) }
        let impossible = sweep.impossible
        if !quiet, !impossible.isEmpty {
            Terminal.complain(Array(impossible.prefix(DiagnosticCollector.limit)))
            if impossible.count > DiagnosticCollector.limit {
                tell("… and \(impossible.count - DiagnosticCollector.limit) more")
            }
        }
        if engine == .slurm { return try submit(sweep) }
        let store = try ResultStore(writingTo: database)
        let stored = try store.runNumbers(revision: Phasewise.version)
        let missing = sweep.missing(from: stored)
        tell("\(sweep.points.count) points, \(sweep.jobs.count) runs, \(missing.count) to do; results in \(database)")
        try sweep.run(missing, keeping: rows, into: store, on: parallel, isQuiet: quiet)
        try Terminal.write(try SweepTable(sweep, columns: columns, store: store, format: format).text)
        if let curves { try Terminal.write("\n" + curves.text(from: store)) }
    }

    private func tellPlan(of sweep: SweepRun, on parallel: Parallel) throws {
        let stored = try ResultStore.storedRuns(in: database)
        let missing = sweep.missing(from: stored)
        let seconds = try sweep.estimatedSeconds(of: missing) / Double(parallel.workers)
        var table = Listing(["axis", "values"])
        for axis in sweep.plan.axes { table.append([axis.field.value, "\(axis.values.count)"]) }
        for axis in sweep.plan.sampled?.axes ?? [] {
            table.append([
                axis.field.value, "\(sweep.plan.sampled?.points ?? 0), \(sweep.plan.sampled?.method.rawValue ?? "")",
            ])
        }
        try Terminal.write(table.rendered(as: format))
        tell("\(sweep.points.count) points, \(sweep.jobs.count) runs, \(missing.count) to do")
        tell("about \(decimal(seconds, 1)) s on \(parallel.workers) cores, from one run timed now")
    }

    /// Indexed jobs of Kubernetes and job arrays of Slurm say in the environment which part is meant.
    private func chosenShard() throws -> Shard? {
        guard let shard, shard.hasPrefix("env/") else { return shard.flatMap(Shard.init) }
        let names = ["JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID"]
        let environment = ProcessInfo.processInfo.environment
        guard let index = names.compactMap({ environment[$0] }).first else {
            throw ValidationError(
                "found --shard \(shard) without \(names.joined(separator: " or ")) in the environment")
        }
        return Shard(index + shard.dropFirst(3))
    }

    private func submit(_ sweep: SweepRun) throws {
        let given = [("--rows", rows.rawValue), ("--profiles", profiles), ("--jobs", jobs.map { "\($0)" })]
        let array = SlurmArray(
            plan: plan, name: sweep.plan.name, shards: shards, database: database, options: sbatchOptions,
            arguments: given.flatMap { flag, value in value.map { [flag, $0] } ?? [] }
                + overrides.flatMap { ["--set", $0] })
        let incomplete = try array.incomplete(sweep)
        tell("\(sweep.points.count) points, \(sweep.jobs.count) runs; \(incomplete.count) of \(shards) shards to do")
        try Terminal.say("submitted \(try array.submit(incomplete)); results will be in \(database)")
    }

    private func tell(_ line: String) {
        if !quiet { Terminal.complain(line) }
    }
}
