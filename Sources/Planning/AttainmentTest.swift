internal import Statistics

/// Decides from replications whether an SLO's attainment target is met, one look after the other, and stops at the
/// first that is clear.
///
/// Each look is a one-sided t test in each direction. A chain of looks at several points errs more often than one test,
/// so each gets its part of the allowed error (Bonferroni): all decisions together are right with the confidence.
public struct AttainmentTest: Hashable, Sendable {
    public enum Verdict: String, Hashable, Sendable { case meets, fails, undecided }

    public var target: Double
    public var confidence: Double
    /// Replications at each look, ascending.
    public var looks: [Int]
    /// How many points share the allowed error.
    public var points: Int

    public init(target: Double, confidence: Double, looks: [Int], points: Int) {
        precondition(!looks.isEmpty && looks[0] >= 1, "no look at replications")
        self.target = target
        self.confidence = confidence
        self.looks = looks
        self.points = points
    }

    /// Looks at `least` replications, then twice as many and so on up to `most`.
    public static func looks(from least: Int, to most: Int) -> [Int] {
        var looks = [least]
        while let last = looks.last, last < most { looks.append(min(2 * last, most)) }
        return looks
    }

    var errorOfOneTest: Double { (1 - confidence) / Double(points * looks.count) }

    /// The verdict on attainments of replications. A single one, of a workload without chance, is compared as it is.
    public func verdict(on attainments: [Double]) -> Verdict {
        let mean = MeanInterval(of: attainments)
        guard let above = mean.probabilityAtMost(target) else { return mean.mean >= target ? .meets : .fails }
        // Exactly at the target, again and again, is met.
        if mean.standardError == 0 { return mean.mean >= target ? .meets : .fails }
        if above <= errorOfOneTest { return .meets }
        return 1 - above <= errorOfOneTest ? .fails : .undecided
    }

    /// Measures until the verdict is clear or the last look is taken.
    public func decide(
        _ measure: (Range<Int>) throws -> [AttainmentSample]
    ) rethrows -> (verdict: Verdict, samples: [AttainmentSample]) {
        var samples: [AttainmentSample] = []
        for look in looks {
            samples += try measure(samples.count..<look)
            if samples.isEmpty { break }
            let verdict = verdict(on: samples.map(\.attainment))
            if verdict != .undecided { return (verdict, samples) }
        }
        return (.undecided, samples)
    }
}
