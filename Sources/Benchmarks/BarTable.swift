import Foundation

/// Every benchmark beside its bar: medians of processor time, the least of it, in which others on the machine are seen as
/// little as may be, and a loop of known work measured in the same run, so that machines can be compared.
struct BarTable {
    private let stepsPerSecond: Double

    init() {
        var state: UInt64 = 1
        let seconds = median((0..<5).map { _ in measured { state = Calibration.run(from: state) }.processorSeconds })
        precondition(state == 5_863_871_455_381_053_384, "the calibration loop gave \(state)")
        stepsPerSecond = Double(Calibration.steps) / seconds
    }

    var head: String {
        """
        \(Resources.machine); calibration loop \(grouped(stepsPerSecond)) steps/s; medians of processor time

        | benchmark | size | median | best | bar | bar met | calibration steps | wall s | peak MB |
        |---|---:|---:|---:|---:|---:|---:|---:|---:|
        """
    }

    /// Runs a benchmark and returns its row.
    func row(_ benchmark: Benchmark) throws -> String {
        let run = try benchmark.prepare(benchmark.size)
        var done = Benchmark.Done(count: 0)
        let spans = try (0..<benchmark.repetitions).map { _ in try measured { done = try run() } }
        let seconds = spans.map(\.processorSeconds)
        let (shown, bar, ratio, steps): ((Double) -> String, String, Double, Double)
        switch benchmark.bar {
        case .perSecond(let wanted, let unit):
            let rate = Double(done.count) / median(seconds)
            shown = { "\(grouped(Double(done.count) / $0)) \(unit)/s" }
            (bar, ratio, steps) = (grouped(wanted), rate / wanted, stepsPerSecond / rate)
        case .seconds(let wanted, let megabytes):
            shown = { String(format: "%.4f s", $0) }
            bar = "\(wanted) s" + (megabytes.map { ", \(Int($0)) MB" } ?? "")
            ratio = min(wanted / median(seconds), megabytes.map { $0 / (done.megabytes ?? $0) } ?? .infinity)
            steps = stepsPerSecond * median(seconds)
        }
        return
            "| \(benchmark.name) | \(grouped(Double(benchmark.size))) | \(shown(median(seconds))) | "
            + "\(shown(seconds.min()!)) | \(bar) | " + String(format: "%.2f | %.3g | ", ratio, steps)
            + String(
                format: "%.3f | %.0f |", median(spans.map(\.wallSeconds)), done.megabytes ?? Resources.peakMegabytes)
    }
}

func measured(_ body: () throws -> Void) rethrows -> Resources {
    let start = Resources.now
    try body()
    return Resources.now - start
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// Whole, with commas between thousands.
func grouped(_ value: Double) -> String {
    var text = String(Int(value))
    var position = text.count - 3
    while position > 0 {
        text.insert(",", at: text.index(text.startIndex, offsetBy: position))
        position -= 3
    }
    return text
}
