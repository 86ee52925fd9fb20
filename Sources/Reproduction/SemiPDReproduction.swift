/// The semi-PD paper's experiments with Llama-3-8B on A100s, run in the simulator beside what the paper shows.
public struct SemiPDReproduction: Sendable {
    /// One file of results.
    public struct File: Hashable, Sendable {
        public let name: String
        public let text: String
    }

    public let rows: [TargetRow]
    public let laws: LatencyLaws
    public let files: [File]

    /// Runs everything. The result depends on the arguments alone.
    /// - Parameters:
    ///   - digitised: Points of the paper's figures to print beside ours; ours do not depend on them.
    ///   - progress: Called with what begins.
    public init(_ setup: Setup, beside digitised: DigitisedFigures, progress: (String) -> Void = { _ in }) {
        progress("storage")
        let storage = StorageImbalance(setup)
        progress("memory shortage")
        let shortage = MemoryShortage(setup)
        progress("phase ratio")
        let ratio = PhaseRatio(setup)
        progress("latency laws")
        laws = LatencyLaws(setup)
        let shareGPT = ServingCurves(.shareGPT, setup: setup, progress: progress)
        let longBench = ServingCurves(.longBench, setup: setup, progress: progress)

        progress("evidence")
        let evidence = (
            arrivals: ArrivalEvidence.found, alone: PhaseAloneEvidence(setup), sharing: SharingEvidence(setup)
        )
        progress("yardsticks")
        let yardsticks = ControllerComparison(setup)
        let pulls = PullSensitivity(setup)
        progress("causes of mismatches")
        let causes = MismatchCauses(setup, shareGPT: shareGPT, longBench: longBench)
        rows =
            (ServingRows(shareGPT: shareGPT, longBench: longBench).all
            + DynamicRows(setup, shareGPT: shareGPT, longBench: longBench).all + [
                laws.row, storage.row, shortage.row, ratio.row,
            ])
            .sorted { $0.number < $1.number }
            .map { row in
                var row = row
                if row.verdict == .fail { row.causes = causes.texts[row.number] ?? [] }
                return row
            }
        let tables = [
            storage.table, shortage.table(beside: digitised), ratio.table(beside: digitised),
            laws.table(beside: digitised),
            shareGPT.latencyTable(beside: digitised, figure: "12", file: "figure-12a.csv"),
            longBench.latencyTable(beside: digitised, figure: "12", file: "figure-12b.csv"),
            shareGPT.latencyTable(beside: digitised, figure: "13", file: "figure-13a.csv"),
            shareGPT.hardSplitTable(beside: digitised, file: "hard-split.csv"),
            shareGPT.attainmentTable(beside: digitised, file: "figure-15a.csv"),
            longBench.attainmentTable(beside: digitised, file: "figure-15b.csv"),
        ]
        files =
            tables.map { File(name: $0.file, text: $0.csv) } + [
                File(name: Self.digitisedFile, text: Self.digitisedPoints(of: tables)),
                File(
                    name: "README.md",
                    text: ReproductionReport(
                        rows: rows, setup: setup, arrivals: evidence.arrivals, alone: evidence.alone,
                        sharing: evidence.sharing,
                        yardsticks: yardsticks, pulls: pulls
                    ).text),
            ]
    }

    /// The file with those of the paper's points that the tables show, in the format in which they are read.
    public static let digitisedFile = "digitised.csv"

    /// Each point once, in the order of the tables.
    private static func digitisedPoints(of tables: [FigureTable]) -> String {
        var seen: Set<String> = []
        var text = DigitisedFigures.columns + "\n"
        for row in tables.flatMap(\.rows) {
            if let line = row.paper?.line, seen.insert(line).inserted { text += line + "\n" }
        }
        return text
    }
}
