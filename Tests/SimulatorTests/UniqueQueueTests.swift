import EventKernel
import Testing

@testable import Simulator

@Suite("Queues with one owner")
struct UniqueQueueTests {
    @Test("operations do what they do to an array", arguments: 0..<100 as Range<UInt64>)
    func matchesArray(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "queue")
        var queue = UniqueQueue<Int32>()
        var array: [Int32] = []
        for step in 0..<400 as Range<Int32> {
            switch random.index(below: 9) {
            case 0, 1, 2:
                queue.append(step)
                array.append(step)
            case 3:
                queue.prepend(step)
                array.insert(step, at: 0)
            case 4 where !array.isEmpty: #expect(queue.removeFirst() == array.removeFirst())
            case 5 where !array.isEmpty: #expect(queue.removeLast() == array.removeLast())
            case 6 where !array.isEmpty:
                let position = random.index(below: array.count)
                #expect(queue.remove(at: position) == array.remove(at: position))
            case 7 where !array.isEmpty:
                let position = random.index(below: array.count)
                (queue[position], array[position]) = (-step, -step)
                #expect(queue.firstIndex(of: -step) == array.firstIndex(of: -step))
            case 8 where step % 10 == 0:
                queue.removeAll { $0 % 3 == 0 }
                array.removeAll { $0 % 3 == 0 }
            default: #expect(queue.firstIndex(of: step) == nil)
            }
            #expect(queue.count == array.count && queue.isEmpty == array.isEmpty)
            #expect(queue.first == array.first && queue.last == array.last)
            #expect(queue.elements == array)
        }
        queue.removeAll()
        #expect(queue.isEmpty && queue.elements.isEmpty)
    }
}
