import CostModels
import EventKernel
import Testing

@Suite("Where prices come from")
struct CostProvenanceTests {
    @Test("work by provenance is the same however it is cut, and sums to the work", arguments: 0..<50 as Range<UInt64>)
    func exact(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "provenance")
        var shares = ProvenanceShares()
        for provenance in CostProvenance.allCases { shares[provenance] = random.uniform() }
        var (whole, pieces, total) = (ProvenanceWork(), ProvenanceWork(), Work.zero)
        for _ in 0..<100 {
            let work = Work(units: Int64(random.index(below: 1 << 50)))
            pieces.add(work, shares.split)
            total += work
        }
        whole.add(total, shares.split)
        #expect(whole.seconds == pieces.seconds)
        #expect(abs(whole.seconds.reduce(0, +) / total.seconds - 1) < 1e-12)
        let sum = shares.seconds.reduce(0, +)
        for (seconds, share) in zip(whole.seconds, shares.seconds) {
            #expect(abs(seconds / total.seconds - share / sum) < 4e-6)
        }
    }
}
