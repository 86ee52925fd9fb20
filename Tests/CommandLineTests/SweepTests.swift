import Foundation
import Testing

@Suite("Sweeps and goodput")
struct SweepTests {
    private static let plan = """
        scenario:
          workload: {generate: azure-conv, requests: 60, arrivals: poisson}
          model: llama-3-8b
          device: h200-sxm
          slo: {ttft: 0.5, tpot: 0.05}
          equal: none
          deployments: [{policy: vllm-v1}, {policy: semi-pd}]
        axes:
          - {field: workload.rate, from: 2, to: 40, steps: 10}
          - {field: run, values: [0, 1, 2]}
        """

    @Test("a sweep runs every deployment at every point once, and a second time nothing")
    func resumes() throws {
        let sandbox = try Sandbox(["plan.yaml": Self.plan])
        let first = try sandbox.run("sweep", "plan.yaml", "--format", "csv")
        #expect(first.status == 0 && first.errors.contains("30 points, 60 runs, 60 to do"), "\(first.errors)")
        #expect(first.output.split(separator: "\n").count == 61)
        let second = try sandbox.run("sweep", "plan.yaml", "--format", "csv", "--jobs", "1")
        #expect(second.errors.contains("60 runs, 0 to do"))
        #expect(second.output == first.output)
        #expect(try sandbox.query("SELECT count(*) FROM run") == "count(*)\n60\n")
    }

    @Test("after a kill the same command goes on: no run is lost and none is doubled")
    func killed() throws {
        let plan = Self.plan.replacingOccurrences(of: "requests: 60", with: "requests: 2000")
        let sandbox = try Sandbox(["plan.yaml": plan])
        let running = try sandbox.start(["sweep", "plan.yaml", "--jobs", "2"])
        var stored = 0
        for _ in 0..<600 where stored < 5 {
            usleep(20_000)
            let outcome = try sandbox.run(
                "results", "sql", "SELECT count(*) FROM run", "--format", "csv", "--database", "phasewise.sqlite")
            stored = Int(outcome.output.split(separator: "\n").last ?? "") ?? 0
        }
        kill(running.process.processIdentifier, SIGKILL)
        _ = try sandbox.finish(running)
        let survived = Int(try sandbox.query("SELECT count(*) FROM run").split(separator: "\n")[1]) ?? 0
        #expect(survived >= stored)
        let again = try sandbox.run("sweep", "plan.yaml", "--format", "csv")
        #expect(again.status == 0 && again.errors.contains("60 runs, \(60 - survived) to do"), "\(again.errors)")
        #expect(
            try sandbox.query("SELECT count(*), count(DISTINCT scenario || deployment) FROM run").hasSuffix("\n60,60\n")
        )
    }

    @Test("a dry run prints the axes and what they cost, and leaves nothing behind")
    func dryRun() throws {
        let sandbox = try Sandbox(["plan.yaml": Self.plan])
        let outcome = try sandbox.run("sweep", "plan.yaml", "--dry-run", "--format", "csv")
        #expect(outcome.status == 0 && outcome.output.contains("workload.rate,10\n"), "\(outcome.errors)")
        #expect(outcome.errors.contains("30 points, 60 runs, 60 to do"))
        #expect(outcome.errors.contains("cores, from one run timed now"))
        #expect(try sandbox.listing == ["plan.yaml"])
    }

    @Test("shards run their own points, and what one database has is not run again")
    func shards() throws {
        let sandbox = try Sandbox(["plan.yaml": Self.plan])
        for (shard, done) in [("0/3", 20), ("1/3", 40), ("2/3", 60)] {
            #expect(try sandbox.run("sweep", "plan.yaml", "--shard", shard).status == 0)
            #expect(try sandbox.query("SELECT count(*) FROM run") == "count(*)\n\(done)\n")
        }
        let whole = try sandbox.run("sweep", "plan.yaml", "--format", "csv")
        #expect(whole.errors.contains("60 runs, 0 to do"))
    }

    @Test("the index of a shard is taken from the environment of indexed jobs")
    func indexFromEnvironment() throws {
        let sandbox = try Sandbox(["plan.yaml": Self.plan])
        for (variable, done) in [("JOB_COMPLETION_INDEX=0", 20), ("SLURM_ARRAY_TASK_ID=2", 40)] {
            let outcome = try sandbox.shell("\(variable) phasewise sweep plan.yaml --shard env/3")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try sandbox.query("SELECT count(*) FROM run") == "count(*)\n\(done)\n")
        }
        #expect(try sandbox.run("sweep", "plan.yaml", "--shard", "env/3").status == 64)
    }

    /// `make test-slurm` does the same with the real one.
    @Test("a job array has the shards that are not complete, and a merge after them; the same command submits the rest")
    func slurm() throws {
        let sandbox = try Sandbox([
            "plan.yaml": Self.plan,
            // Runs what is submitted at once, but for shard 1 the first time, and answers with the number of a job.
            "bin/sbatch": """
            #!/bin/sh
            echo "$@" >> submitted
            for argument; do
                case $argument in --array=*) elements=$(echo "${argument#--array=}" | tr , ' ') ;; esac
                script=$argument
            done
            for element in ${elements:-merge}; do
                if [ "$element" = 1 ] && [ ! -e failed ]; then touch failed; continue; fi
                SLURM_ARRAY_TASK_ID=$element sh "$script" > /dev/null || exit 1
            done
            wc -l < submitted
            """,
            "bin/squeue": "#!/bin/sh\n",
        ])
        for tool in ["sbatch", "squeue"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: sandbox.path("bin/\(tool)"))
        }
        let submit = "PATH=$PWD/bin:$PATH phasewise sweep plan.yaml --engine slurm --shards 3 --sbatch=--partition=cpu"
        let first = try sandbox.shell(submit)
        #expect(first.status == 0 && first.errors.contains("3 of 3 shards to do"), "\(first.errors)")
        #expect(first.output.hasPrefix("submitted array 1 of 3 shards, merge 2;"), "\(first.output)")
        #expect(try sandbox.query("SELECT count(*) FROM run") == "count(*)\n40\n")
        let second = try sandbox.shell(submit)
        #expect(second.errors.contains("1 of 3 shards to do"), "\(second.errors)")
        let submitted = String(decoding: try sandbox.contents(of: "submitted"), as: UTF8.self).split(separator: "\n")
        #expect(submitted.count == 4 && submitted.allSatisfy { $0.contains("--partition=cpu") })
        #expect(submitted[0].contains("--array=0,1,2") && submitted[2].contains("--array=1"))
        #expect(submitted[1].contains("--dependency=afterany:1"))
        let merged = try sandbox.run("sweep", "plan.yaml", "--format", "csv")
        #expect(merged.errors.contains("60 runs, 0 to do"))
        let single = try sandbox.run("sweep", "plan.yaml", "--format", "csv", "--database", "single.sqlite")
        #expect(merged.output == single.output)
    }

    @Test("a sweep plots its curves below its table, replications averaged, other axes apart")
    func plots() throws {
        let plan = Self.plan + "\n  - {field: workload.requests, values: [60, 70]}"
        let sandbox = try Sandbox(["plan.yaml": plan.replacingOccurrences(of: "steps: 10", with: "steps: 3")])
        let plain = try sandbox.run("sweep", "plan.yaml").output
        let plotted = try sandbox.run("sweep", "plan.yaml", "--plot")
        #expect(plotted.status == 0 && plotted.output.hasPrefix(plain), "\(plotted.errors)")
        for title in ["% of requests within the SLO", "TTFT P90, ms", "TPOT P90, ms"] {
            #expect(plotted.output.contains(title))
        }
        #expect(plotted.output.contains("o = vllm-v1, workload.requests 60"))
        #expect(plotted.output.contains("* = semi-pd, workload.requests 70") && !plotted.output.contains("# = "))
        #expect(try sandbox.run("sweep", "plan.yaml", "--plot", "--format", "csv").status == 64)
        #expect(try sandbox.run("sweep", "plan.yaml", "--plot", "--dry-run").status == 64)
        try sandbox.write(
            Self.plan.split(separator: "\n").filter { !$0.contains("workload.rate") }.joined(separator: "\n"),
            to: "none.yaml")
        let outcome = try sandbox.run("sweep", "none.yaml", "--plot")
        #expect(outcome.status == 65 && outcome.errors.contains("--plot: found no axis"), "\(outcome.errors)")
    }

    @Test("every bad value of a plan is reported, twenty at most, with exit 65 and nothing stored")
    func badPlan() throws {
        let sandbox = try Sandbox(["plan.yaml": Self.plan + "\n  - {field: deployments.0.tp, values: [3, 5]}"])
        let outcome = try sandbox.run("sweep", "plan.yaml")
        #expect(outcome.status == 65)
        #expect(outcome.errorLines.count == 20)
        #expect(outcome.errorLines[0].hasPrefix("plan.yaml:11:"), "\(outcome.errors)")
        #expect(try sandbox.listing == ["plan.yaml"])
        #expect(try sandbox.run("sweep", "plan.yaml", "--metrics", "ttft.p98").status == 65)
        #expect(try sandbox.run("sweep", "plan.yaml", "--shard", "4/4").status == 64)
    }

    @Test("a point at which the model does not fit is a result, and does not keep the others from running")
    func impossible() throws {
        let plan = Self.plan.replacingOccurrences(
            of: "axes:",
            with: "axes:\n  - {field: deployments.0.kv_blocks, values: [1000]}\n"
                + "  - {field: model, values: [llama-3-8b, llama-3-70b]}")
        let sandbox = try Sandbox(["plan.yaml": plan.replacingOccurrences(of: "steps: 10", with: "steps: 2")])
        let outcome = try sandbox.run("sweep", "plan.yaml", "--format", "csv")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = outcome.output.split(separator: "\n").dropFirst()
        #expect(rows.count == 24 && rows.count { $0.hasSuffix(",impossible") } == 6)
        #expect(outcome.errors.contains("warning: point 6, semi-pd: "))
        #expect(outcome.errors.contains("12 points, 24 runs, 18 to do"))
    }

    @Test("goodput brackets the rate of each deployment and prints the curve behind it")
    func goodput() throws {
        let sandbox = try Sandbox()
        let arguments = [
            "goodput", "--generate", "azure-conv", "--requests", "300", "--rate", "8", "--model", "llama-3-8b",
            "--device", "h200-sxm", "--ttft", "0.5", "--tpot", "0.05", "--policies", "vllm-v1,sarathi", "--equal",
            "none",
            "--arrivals", "poisson", "--tolerance", "0.1", "--format", "csv",
        ]
        let outcome = try sandbox.run(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = outcome.output.split(separator: "\n").dropFirst().map { $0.split(separator: ",").map(String.init) }
        #expect(rows.count == 2)
        for row in rows {
            let lower = try #require(Double(row[2]))
            let upper = try #require(Double(row[3]))
            #expect(lower < upper)
        }
        let curve = try sandbox.run(arguments + ["--curve"])
        #expect(curve.output.hasPrefix("deployment,rate,attainment,"))
        #expect(curve.output.contains(",meets\n") && curve.output.contains(",fails\n"))
        let plotted = try sandbox.run(arguments.dropLast(2) + ["--plot"])
        #expect(plotted.output.contains("% of requests within the SLO"), "\(plotted.errors)")
        #expect(plotted.output.contains("o = target, x = vllm-v1, z = sarathi"))
        #expect(try sandbox.run(arguments + ["--jobs", "1"]).output == outcome.output)
    }
}
