/// The README of the results: rules, the table of target rows, and what is behind each row.
struct ReproductionReport {
    let rows: [TargetRow]
    let extent: Extent
    let alone: PhaseAloneEvidence
    let sharing: SharingEvidence
    let yardsticks: ControllerComparison

    var text: String { [introduction, rules, summary, details, "", evidence, controllers].joined(separator: "\n") }

    private func count(_ verdict: TargetRow.Verdict) -> Int { rows.count { $0.verdict == verdict } }

    private var introduction: String {
        """
        # The semi-PD paper's Llama-3-8B experiments, and its storage of Llama-3-70B

        `phasewise reproduce semi-pd` remakes this folder. Each CSV file has our values (median and ends of \
        \(extent.replications) replications of \(extent.requests) ShareGPT or \(extent.requests / 4) LongBench requests) \
        beside points that were read off the figures of arXiv 2504.19867, where there are any (`digitised.csv`). Latencies \
        are in milliseconds, rates in requests per second for each GPU-sized group, so that DistServe, with two GPUs, is \
        given twice as many.

        Of \(rows.count) results that a simulation has to show, \(count(.pass)) are within tolerance and \(count(.fail)) \
        are not.

        """
    }

    private var rules: String {
        """
        ## Rules

        * Service times come from runs of one phase alone and were fixed before any two systems were compared: decode 22.7 ms \
        + 0.208 ms for each sequence of 350 tokens (Fig. 9d), prefill 0.085 ms a token (Figs. 9c, Table 2) and 19 ms of \
        latency that do not hold the GPU. Nothing is fitted to a figure that compares systems.
        * Two phases on one GPU slow each other by what each of them runs, by the law that was measured on an H200 \
        (`Results/validation`): decode waits for the kernels of a prefill in proportion to their length, prefill loses what \
        decode uses. One rule for all figures, with the H200's numbers: the wait scaled by how much longer a decode iteration \
        is here, and no bandwidth lost to a neighbour on other SMs, since a hard split of the paper's A100 shows hardly more \
        than its SMs explain. Its evidence, phases alone against shared, is at the end.
        * LongBench lengths are not stated. Those used are the ones at which phases alone, DistServe's curves in Fig. 12(b), \
        come closest (at the end). The rate at which DistServe's TTFT surges (row 9) and LongBench in row 11 lean on them.
        * All systems have the same service times. Those of vLLM alone are not in the paper, so that others could only have \
        been fitted to the curves that are compared.
        * Dynamic is the released code's controller with its constants, told the limits of the panel, from (100,100) on; \
        preparing a change takes 10 s, which is assumed.
        * vLLM-S is judged with 256 sequences, the engine's default, which its saturation in the paper implies; with the \
        stated 512 it is in the tables too.
        * Prefill on several GPUs (Figs. 3 and 9): the time per token divided by their number, plus two all-reduces a layer \
        at 230 GB/s and 20 µs each.
        * Fig. 3 states no rates: each is the one at which prefill fills as far as in the paper, and what decode then holds is \
        judged. This rule was chosen after numbers of an earlier model had been seen; the row says what the other way round \
        gives.
        * KV pools: \(decimal(Llama8BOnA100.Pool.oneGPU, 1)) GiB of an A100-80, \(decimal(Llama8BOnA100.Pool.semiPD, 1)) with \
        semi-PD, \(decimal(Llama8BOnA100.Pool.smallGPU, 1)) of an A100-40. KV transfer: 10 ms + 150 GB/s.
        * DistServe and semi-PD swap to 16 GiB of host memory for each GPU over PCIe at 25 GB/s, copies before the iteration \
        that they make room for; what does not fit there is computed again.
        * Llama-3-70B is in row 11 alone: decode 40 ms + 0.34 ms for each sequence (Table 2 and Fig. 12c), prefill that of the \
        8B model by floating-point operations, 0.204 ms a token on four GPUs, \
        \(decimal(Llama70BOnA100.poolGiBPerGPU, 1)) GiB of KV memory on each.

        """
    }

    private var evidence: String {
        """
        ## What the rules rest on

        Phases alone:

        \(alone.text)
        Phases shared, at rates where the paper has them alone too: P90 TTFT and P50 TPOT of ShareGPT at (100,100), P50 TPOT \
        at (50,50), P90 TTFT and TPOT of LongBench. The form of the rule (host time not delayed, no \
        bandwidth lost in a hard split) was settled by trying variants against these readings, after row 9 had failed with the \
        rule of shares in proportion; its wait is the H200's, scaled, and a fitted one does no better. Rows 8 and 9 are \
        therefore no blind tests of it.

        \(sharing.text)
        """
    }

    private var controllers: String {
        """
        ## Controllers and what could be had

        \(yardsticks.text)
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
