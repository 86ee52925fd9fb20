/// The README of the results: rules, the table of target rows, and what is behind each row.
struct ReproductionReport {
    let rows: [TargetRow]
    let extent: Extent

    var text: String { [introduction, rules, summary, details].joined(separator: "\n") }

    private func count(_ verdict: TargetRow.Verdict) -> Int { rows.count { $0.verdict == verdict } }

    private var introduction: String {
        """
        # The semi-PD paper's Llama-3-8B experiments

        `phasewise reproduce semi-pd` remakes this folder. Each CSV file has our values (median and ends of \
        \(extent.replications) replications of \(extent.requests) ShareGPT or \(extent.requests / 4) LongBench requests) \
        beside points that were read off the figures of arXiv 2504.19867, where there are any (`digitised.csv`). Latencies \
        are in milliseconds, rates in requests per second for each GPU-sized group, so that DistServe, with two GPUs, is \
        given twice as many.

        Of \(rows.count) results that a simulation has to show, \(count(.pass)) are within tolerance, \(count(.fail)) are \
        not, and \(count(.notRun)) were not run.

        """
    }

    private var rules: String {
        """
        ## Rules

        * Service times come from runs of one phase alone (Figs. 9 and 10, Table 2) and were fixed before any two systems \
        were compared: decode 22.7 ms + 0.208 ms for each sequence of 350 tokens, prefill 19 ms + 0.085 ms a token. Nothing \
        is fitted to a figure that compares systems.
        * All systems have the same service times. Those of vLLM alone are not in the paper, so that others could only have \
        been fitted to the curves that are compared.
        * Two phases on one GPU share it by one rule in all figures: each behaves as if it had min(x, 1.12·x/(x + y)) of the \
        SMs while both run. The evidence is the paper's TPOT at (100,100) and at (50,50) over that of decode alone.
        * vLLM-S is judged with 256 sequences, the engine's default, which its saturation in the paper implies; with the \
        stated 512 it is in the tables too.
        * Prefill on several GPUs (Figs. 3 and 9): the time per token divided by their number, plus two all-reduces a layer \
        at 230 GB/s and 20 µs each.
        * Fig. 3 states no rates: each is the one at which prefill fills as far as in the paper.
        * KV pools: \(decimal(Llama8BOnA100.Pool.oneGPU, 1)) GiB of an A100-80, \(decimal(Llama8BOnA100.Pool.semiPD, 1)) with \
        semi-PD, \(decimal(Llama8BOnA100.Pool.smallGPU, 1)) of an A100-40. KV transfer: 10 ms + 150 GB/s.

        """
    }

    private var summary: String {
        var text = "## Results\n\n| # | result | verdict |\n|---|---|---|\n"
        for row in rows { text += "| \(row.number) | \(row.result) | \(row.verdict.rawValue) |\n" }
        return text
    }

    private var details: String {
        var text = ""
        for row in rows {
            text += "### \(row.number). \(row.result): \(row.verdict.rawValue)\n\n"
            if let missing = row.missing { text += "Not run: \(missing).\n\n" }
            if !row.checks.isEmpty {
                text += "| | paper | ours | tolerance | |\n|---|---|---|---|---|\n"
                for check in row.checks {
                    text += "| \(check.what) | \(check.expected) | \(check.ours) | \(check.tolerance) | "
                    text += "\(check.passes ? "in" : "**out**") |\n"
                }
                text += "\n"
            }
            for remark in row.remarks { text += "* \(remark)\n" }
            if !row.remarks.isEmpty { text += "\n" }
            for cause in row.causes { text += "\(cause)\n\n" }
        }
        while text.hasSuffix("\n\n") { text.removeLast() }
        return text
    }
}
