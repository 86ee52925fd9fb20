/// What sorted arrivals look like, counted from the first of them.
struct ArrivalStatistics {
    private static let fewestGaps = 20

    /// In nanoseconds from the first.
    private let times: [Int64]

    init(_ nanoseconds: [Int64]) { times = nanoseconds.map { $0 - nanoseconds[0] } }

    var duration: Int64 { times.last ?? 0 }

    var variation: Double? { variation(times[...]) }

    /// In seconds.
    var gaps: [Double] { zip(times, times.dropFirst()).map { Double($1 - $0) / 1e9 } }

    /// Of the gaps between arrivals of one window; a gap across its border belongs to none.
    func variation(inWindowsOf seconds: Int) -> TraceStatistics.WindowedVariation? {
        let width = Int64(seconds) * 1_000_000_000
        var found: [Double] = []
        var start = 0
        while start < times.count {
            let window = times[start] / width
            var end = start
            while end < times.count, times[end] / width == window { end += 1 }
            if end - start > Self.fewestGaps, let variation = variation(times[start..<end]) { found.append(variation) }
            start = end
        }
        guard !found.isEmpty else { return nil }
        found.sort()
        let median = (found[(found.count - 1) / 2] + found[found.count / 2]) / 2
        return .init(
            windowSeconds: seconds, windows: found.count, median: median, least: found[0], most: found[found.count - 1])
    }

    /// Counts by walking the arrivals; empty bins between them enter as zeros without being visited.
    func dispersion(binSeconds: Int) -> TraceStatistics.Dispersion {
        let width = Int64(binSeconds) * 1_000_000_000
        let bins = Double(duration / width + 1)
        var (squares, most, current, count) = (0.0, 0, Int64(0), 0)
        for time in times {
            if time / width != current {
                squares += Double(count * count)
                (current, count) = (time / width, 0)
            }
            count += 1
            most = max(most, count)
        }
        squares += Double(count * count)
        let mean = Double(times.count) / bins
        return .init(binSeconds: binSeconds, index: (squares / bins - mean * mean) / mean, most: most)
    }

    private func variation(_ times: ArraySlice<Int64>) -> Double? {
        guard let first = times.first, let last = times.last, first < last else { return nil }
        let mean = Double(last - first) / 1e9 / Double(times.count - 1)
        var squares = 0.0
        for index in times.indices.dropFirst() {
            let deviation = Double(times[index] - times[index - 1]) / 1e9 - mean
            squares += deviation * deviation
        }
        return (squares / Double(times.count - 1)).squareRoot() / mean
    }
}
