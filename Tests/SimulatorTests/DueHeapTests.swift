import EventKernel
import Testing

@testable import Simulator

@Suite("Slots by the iteration after which they are done")
struct DueHeapTests {
    @Test("slots come in order of iterations, of one iteration in their own order", arguments: 0..<100 as Range<UInt64>)
    func sorts(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "due")
        var heap = DueHeap()
        var left: [(iteration: Int, slot: Int32)] = []
        for _ in 0..<400 {
            if left.isEmpty || random.index(below: 5) < 3 {
                // Many of one iteration, and some that are far off.
                let iteration = random.index(below: random.index(below: 8) == 0 ? 1 << 39 : 40)
                let slot = Int32(random.index(below: 1 << 24))
                heap.insert(slot, due: iteration)
                left.append((iteration, slot))
                left.sort { $0 < $1 }
            } else {
                #expect(heap.removeFirst() == left.removeFirst().slot)
            }
            #expect(heap.earliest == left.first?.iteration)
            for iteration in [0, 20, 1 << 38] {
                #expect(heap.isDue(by: iteration) == left.contains { $0.iteration <= iteration })
            }
        }
        while !left.isEmpty { #expect(heap.removeFirst() == left.removeFirst().slot) }
        #expect(heap.earliest == nil && !heap.isDue(by: 1 << 39))
    }
}
