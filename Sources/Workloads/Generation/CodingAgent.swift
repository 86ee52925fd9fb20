#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension SessionModel {
    /// In the shape of the coding-agent sessions of kv-cache-tester (callanjfox/kv-cache-tester, Apache-2.0): lognormals
    /// fitted to 710 sessions with 48,658 calls, of which 19 are at hand here. Assumed, where only points are known: the
    /// first prompt is lognormal between its median and its mean; pauses are linear in their logarithm between 1 s, their
    /// P10, P50, P90 and P99, and 10,000 s; an agent starts every 10 s.
    static var codingAgent: SessionModel {
        SessionModel(
            name: "coding-agent", starts: .poisson(rate: 0.1),
            turns: .logNormal(mu: 3.667, sigma: 1.156, kept: 1...514),
            // ln 24,454, and √(2 ln(91,238 / 24,454)).
            firstPrompt: .logNormal(mu: 10.104, sigma: 1.623, kept: 1000...890_000),
            growth: .ofPrompt(.logNormal(mu: 6.632, sigma: 1.134, kept: 1...100_000)),
            outputTokens: .logNormal(mu: 5.564, sigma: 0.895, kept: 1...18_195),
            pauses: .quantiles(agentPauses), waitsForAnswer: true, sharedTokens: 0, longestPrompt: 894_371,
            blockTokens: 64, coldShare: 0.019, countsPartialBlocks: false)
    }

    /// Milliseconds at 0, 1, … 100 %.
    private static var agentPauses: [Int] {
        let points = [(0.0, 1000.0), (10, 4000), (50, 10_000), (90, 166_000), (99, 3_028_000), (100, 10_000_000)]
        return (0...100).map { percent in
            let level = Double(percent)
            let next = points.firstIndex { $0.0 >= level && $0.0 > 0 } ?? 1
            let (low, high) = (points[next - 1], points[next])
            let share = (level - low.0) / (high.0 - low.0)
            return Int((low.1 * pow(high.1 / low.1, share)).rounded())
        }
    }
}
