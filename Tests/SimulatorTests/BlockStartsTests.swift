import EventKernel
import Testing

@testable import Simulator

@Suite("Blocks that iterations begin")
struct BlockStartsTests {
    @Test(
        "a divisor divides like the operator", arguments: [1, 2, 3, 7, 16, 48, 100, 1 << 20, 1 << 31, 1 << 33] as [Int])
    func divides(value: Int) {
        let divisor = Divisor(value)
        var random = RandomStreams(seed: UInt64(value)).stream(named: "dividends")
        let edges = [0, 1, 1 << 32 - 1, 1 << 32, 1 << 40, .max, -1, .min].flatMap { [$0, $0 &- 1, $0 &+ 1] }
        let multiples = (1..<200).flatMap { [$0 * value, $0 * value - 1] }
        let others = (0..<2_000).map { _ in random.index(below: 1 << 32) }
        for dividend in edges + multiples + others {
            #expect(divisor.quotient(of: dividend) == dividend / value)
            #expect(divisor.remainder(of: dividend) == dividend % value)
        }
    }

    @Test(
        "running sums say what counting says", arguments: [1, 2, 15, 16, 17, 32, 40] as [Int], 0..<5 as Range<UInt64>)
    func matchesCounts(blockSize: Int, seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "blocks")
        var starts = BlockStarts(blockSize: blockSize)
        var counts = [Int](repeating: 0, count: blockSize)
        for _ in 0..<200 {
            let residue = random.index(below: blockSize)
            let leaves = counts[residue] > 0 && random.index(below: 2) == 0
            starts.add(leaves ? -1 : 1, at: residue)
            counts[residue] += leaves ? -1 : 1
            for index in counts.indices { #expect(starts.begun(at: index) == counts[index]) }
            let (phase, iterations) = (random.index(below: blockSize), random.index(below: 4 * blockSize))
            let begun = (0..<iterations).reduce(0) { $0 + counts[(phase + 1 + $1) % blockSize] }
            let found = starts.begun(after: phase, iterations: iterations)
            #expect(found.blocks == begun)
            #expect(found.last == (phase + iterations) % blockSize)
        }
    }
}
