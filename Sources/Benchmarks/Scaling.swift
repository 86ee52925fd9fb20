import Foundation

/// How time and memory grow: with requests, with the batch, with instances. One repetition each, smallest first, since
/// the peak of memory never falls.
enum Scaling {
    static func write(_ line: (String) -> Void) throws {
        line("| requests, one unified instance at 4/s | processor s | ns per request | exponent | peak MB |")
        line("|---:|---:|---:|---:|---:|")
        var last: (size: Int, seconds: Double)?
        for size in [1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
            let trace = conversation(min(size, 50_000), rate: 4)
            let seconds = try best {
                _ = try simulate(
                    ServingWay.unified.configuration(), RepeatedTrace(trace, requests: size), NoRecorder())
            }
            let exponent = last.map { log(seconds / $0.seconds) / log(Double(size) / Double($0.size)) }
            line(
                "| \(grouped(Double(size))) | "
                    + String(format: "%.4f | %.0f | ", seconds, seconds / Double(size) * 1e9)
                    + (exponent.map { String(format: "%.3f", $0) } ?? "") + " | "
                    + String(format: "%.0f |", Resources.peakMegabytes))
            last = (size, seconds)
        }
        line("")
        line("| batch, step by step | iterations/s |")
        line("|---:|---:|")
        for batch in [1, 4, 16, 64, 256] {
            let run = try Benchmark.stepping("", batch: batch, bar: 1).prepare(20_000)
            var count = 0
            let seconds = try best { count = try run().count }
            line("| \(batch) | \(grouped(Double(count) / seconds)) |")
        }
        line("")
        line("| instances, 1,000,000 requests at 4/s each | ns per request | peak MB |")
        line("|---:|---:|---:|")
        for instances in [1, 10, 100, 1_000, 10_000] {
            let run = try Benchmark.cluster(instances: instances).prepare(1_000_000)
            let seconds = try best { _ = try run() }
            line(
                "| \(grouped(Double(instances))) | "
                    + String(format: "%.0f | %.0f |", seconds / 1e6 * 1e9, Resources.peakMegabytes))
        }
    }

    /// The least processor time of three: what others on the machine add is never negative.
    private static func best(_ body: () throws -> Void) rethrows -> Double {
        try (0..<3).map { _ in try measured(body).processorSeconds }.min()!
    }
}
