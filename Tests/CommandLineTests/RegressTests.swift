import Foundation
import Testing

@Suite("The regression gate")
struct RegressTests {
    private static let suite = """
        name: small
        replications: 4
        cases:
          - name: chat
            scenario:
              workload: {generate: azure-conv, requests: 150, rate: 10, arrivals: poisson}
              model: llama-3-8b
              device: h200-sxm
              slo: {ttft: 0.5, tpot: 0.02}
              deployments: [{policy: vllm-v1}]
        """

    private func sandbox() throws -> Sandbox { try Sandbox(["suite.yaml": Self.suite]) }

    @Test("equal sides pass, a slower engine fails with exit 1 and says where")
    func sameBinary() throws {
        let sandbox = try sandbox()
        let same = try sandbox.run("regress", "suite.yaml", "--baseline-set", "runtime=ideal")
        #expect(
            same.status == 0 && same.output.hasPrefix("### passed: small against runtime=ideal\n"), "\(same.errors)")
        let worse = try sandbox.run(
            "regress", "suite.yaml", "--baseline-set", "runtime=ideal", "--candidate-set", "runtime=vllm-v1", "--junit",
            "out.xml", "--json", "out.json")
        #expect(worse.status == 1 && worse.output.contains("| **worse** | chat | tpot.mean ms |"), "\(worse.output)")
        #expect(try sandbox.contents(of: "out.xml").contains(Data("<failure".utf8)[0]))
        #expect(String(decoding: try sandbox.contents(of: "out.json"), as: UTF8.self).contains("\"hasFailed\": true"))
        let better = try sandbox.run(
            "regress", "suite.yaml", "--baseline-set", "runtime=vllm-v1", "--candidate-set", "runtime=ideal")
        #expect(better.status == 0 && better.output.contains("| better |"))
    }

    @Test("a baseline file is written once and compared with afterwards")
    func file() throws {
        let sandbox = try sandbox()
        let written = try sandbox.run("regress", "suite.yaml", "--baseline", "b.tsv", "--update-baseline")
        #expect(written.status == 0 && written.output.isEmpty, "\(written.errors)")
        #expect(try sandbox.run("regress", "suite.yaml", "--baseline", "b.tsv").status == 0)
        let worse = try sandbox.run(
            "regress", "suite.yaml", "--baseline", "b.tsv", "--candidate-set", "deployments.0.kv_blocks=400")
        #expect(worse.status == 1, "\(worse.output)")
    }

    @Test("a database of an earlier run and another build of the program are baselines too")
    func databaseAndProgram() throws {
        let sandbox = try sandbox()
        let first = try sandbox.run(
            "regress", "suite.yaml", "--baseline-set", "seed=1", "--database", "old.sqlite")
        #expect(first.status == 0 && first.errors.contains("to look closer:"), "\(first.errors)")
        let slower = ["--candidate-set", "runtime=vllm-v1"]
        for baseline in [["--baseline-database", "old.sqlite"], ["--baseline-program", Sandbox.program.path]] {
            let same = try sandbox.run(["regress", "suite.yaml"] + baseline)
            #expect(same.status == 0 && !same.output.contains("not compared"), "\(same.output)\(same.errors)")
            #expect(try sandbox.run(["regress", "suite.yaml"] + baseline + slower).status == 1)
        }
    }

    @Test("the query that is printed to look closer works")
    func query() throws {
        let sandbox = try sandbox()
        let outcome = try sandbox.run(
            "regress", "suite.yaml", "--baseline-set", "runtime=ideal", "--candidate-set", "runtime=vllm-v1",
            "--database",
            "r.sqlite")
        let command = try #require(outcome.errorLines.last).trimmingCharacters(in: .whitespaces)
        let rows = try sandbox.shell(command)
        #expect(rows.status == 0 && rows.output.contains("tpot"), "\(rows.errors)")
    }

    @Test("a candidate that cannot run where the baseline can has broken; a suite that cannot run is bad input")
    func broken() throws {
        let sandbox = try sandbox()
        let broken = try sandbox.run(
            "regress", "suite.yaml", "--baseline-set", "seed=1", "--candidate-set", "model=llama-3-70b")
        #expect(
            broken.status == 1 && broken.output.contains("**chat** does not run:"), "\(broken.output)\(broken.errors)")
        try sandbox.write(Self.suite.replacingOccurrences(of: "h200-sxm", with: "h300"), to: "bad.yaml")
        #expect(try sandbox.run("regress", "bad.yaml", "--baseline-set", "seed=1").status == 65)
        #expect(try sandbox.run("regress", "suite.yaml").status == 64)
    }
}
