import Foundation
import Workloads

// The program as a user runs it: everything from its start to its answer.

extension Benchmark {
    static var processes: [Benchmark] {
        [
            Benchmark(name: "start-up", size: 1, bar: .seconds(0.02)) { _ in { try run(["--version"]) } },
            simulating("simulate-1k", requests: 1_000, bar: .seconds(0.06)),
            simulating("simulate-10k", requests: 10_000, bar: .seconds(0.15)),
            simulating("simulate-1M", requests: 1_000_000, bar: .seconds(1.5, megabytes: 200)),
        ]
    }

    /// One replica behind a trace file, with a database of its own.
    private static func simulating(_ name: String, requests: Int, bar: Bar) -> Benchmark {
        Benchmark(name: name, size: requests, bar: bar) { requests in
            let trace = try TemporaryFile(named: "trace.csv")
            try Data(TraceWriter.csv(conversation(requests, rate: 8))).write(to: trace.url)
            return {
                let database = try TemporaryFile(named: "runs.sqlite")
                return try run([
                    "simulate", "--trace", trace.url.path, "--model", "llama-3-8b", "--device", "h200-sxm", "--policy",
                    "vllm-v1", "--database", database.url.path, "--quiet",
                ])
            }
        }
    }

    /// The program is built beside this one.
    private static func run(_ arguments: [String]) throws -> Done {
        let own = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let program = own.deletingLastPathComponent().appendingPathComponent("phasewise").path
        var words = ([program] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        var process = pid_t()
        var status: Int32 = 0
        var usage = rusage()
        guard posix_spawn(&process, program, &actions, nil, words, environ) == 0,
            wait4(process, &status, 0, &usage) == process, status == 0
        else { throw BenchmarkFailure(what: "\(program) \(arguments.joined(separator: " "))") }
        return Done(count: 1, megabytes: Resources.megabytes(usage.ru_maxrss))
    }
}

struct BenchmarkFailure: Error { var what: String }
