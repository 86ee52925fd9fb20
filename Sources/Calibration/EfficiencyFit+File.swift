public import CostModels
internal import Profiles

extension EfficiencyFit {
    /// The text of the profile file: the numbers, what they were fitted to, and how far off they are.
    ///
    /// - Parameter date: the day of the fit, from the caller, so that the same rows give the same file.
    public static func file(
        _ profile: EfficiencyProfile, report: CalibrationReport, rows: MeasuredRows, selection: RowSelection,
        base: EfficiencyProfile, date: String
    ) -> String {
        let header = [
            "Efficiency of kernels against the datasheet bounds of \(profile.id), fitted on \(date) by",
            "`phasewise calibrate --import` to one half of the shapes of measured tables. Fractions of peak, seconds, bytes.",
            "Rows: \(selection.source).",
            "",
            "Error on the other half, |predicted/measured - 1|:",
        ]
        return profile.yaml(
            header: header + report.lines.map { "  " + $0 },
            notes: notes(rows: rows, selection: selection, base: base))
    }

    private static func notes(
        rows: MeasuredRows, selection: RowSelection, base: EfficiencyProfile
    ) -> [(section: String, text: String)] {
        let kept = "kept from profile \(base.id), where its source is named"
        let (gpu, attention) = (selection.gpu, "\(selection.attentionBackend) \(selection.attentionKernel)")
        func fitted(_ count: Int, _ source: String) -> String { count == 0 ? kept : "\(count) rows, \(gpu), \(source)" }
        return [
            (
                "gemm",
                fitted(
                    rows.gemm.count, "\(selection.gemmBackend) bf16; N and K of at least \(GEMMFit.smallestSide) used")
            ),
            (
                "prefill_attention",
                fitted(
                    rows.prefillAttention.count,
                    "\(attention) bf16; grouped heads of size \(AttentionFit.headSize), no past, query of at least "
                        + "\(AttentionFit.shortestQuery) used")
            ),
            (
                "decode_attention",
                fitted(
                    rows.decodeAttention.count,
                    "\(attention) bf16; grouped heads of size \(AttentionFit.headSize), context of at least "
                        + "\(AttentionFit.shortestContext), batch up to \(AttentionFit.largestBatch) used")
            ),
            ("elementwise", kept),
            (
                "all_reduce",
                fitted(
                    rows.allReduce.count,
                    "\(selection.allReduceImplementation) of \(selection.allReduceVersion); every second size used")
            ),
            ("sm_scaling", kept),
            ("sharing", kept),
        ]
    }
}

extension CalibrationReport {
    /// One line for each family or regime: rows, median, 90th percentile, worst and its shape, bias.
    public var lines: [String] {
        entries.map { entry in
            "\(entry.name): fitted to \(entry.fittedRows), held out \(entry.heldOutRows): median "
                + "\(percent(entry.medianError)), P90 \(percent(entry.p90Error)), worst \(percent(entry.worstError)) at "
                + "\(entry.worstShape), bias \(percent(entry.bias))"
        }
    }
}

/// With one decimal.
private func percent(_ fraction: Double) -> String {
    let tenths = Int((abs(fraction) * 1000).rounded())
    return (fraction < 0 && tenths > 0 ? "-" : "") + "\(tenths / 10).\(tenths % 10) %"
}
