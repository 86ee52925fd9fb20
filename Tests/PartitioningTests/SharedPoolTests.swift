import Testing

@testable import Simulator

/// The race that semi-PD's unified memory manager rules out (section 4.4 of the paper): allocation is a query of the
/// utilisation, taking the blocks, and an update of the utilisation, by two workers that know nothing of each other.
@Suite("Two workers and one KV pool")
struct SharedPoolTests {
    /// All orders of `a` steps of one worker and `b` of the other, as lists of the worker that steps.
    static func interleavings(_ a: Int, _ b: Int) -> [[Int]] {
        if a == 0 { return [Array(repeating: 1, count: b)] }
        if b == 0 { return [Array(repeating: 0, count: a)] }
        return interleavings(a - 1, b).map { [0] + $0 } + interleavings(a, b - 1).map { [1] + $0 }
    }

    /// What a worker does next: take blocks if they are free, or give all of its blocks back.
    enum Operation: Hashable, CaseIterable {
        case takeOne, takeTwo, giveBack

        var blocks: Int { self == .takeTwo ? 2 : 1 }
    }

    static let programs: [[Operation]] = {
        let all = Operation.allCases
        return all.flatMap { a in all.flatMap { b in all.map { c in [a, b, c] } } }
    }()

    @Test("Fig. 7: without atomicity one of two allocations is forgotten in some orders, with it in none")
    func figure7() {
        // 100 blocks, 50 used; prefill takes 21 and decode 10. Each worker: query, then update with its sum.
        var outcomes: [Int] = []
        for order in Self.interleavings(2, 2) {
            var used = 50
            var seen = [0, 0]
            var queried = [false, false]
            for worker in order {
                if queried[worker] {
                    used = seen[worker] + [21, 10][worker]
                } else {
                    seen[worker] = used
                    queried[worker] = true
                }
            }
            outcomes.append(used)
        }
        #expect(outcomes.sorted() == [60, 60, 71, 71, 81, 81])

        for order in Self.interleavings(1, 1) {
            var pool = KVCacheManager(KVMemoryConfiguration(totalBlocks: 100))
            var refused = !pool.allocate(50)
            for worker in order where !pool.allocate([21, 10][worker]) { refused = true }
            #expect(!refused)
            #expect(pool.usedBlocks == 81)
        }
    }

    @Test("the pool's atomic step never hands out more than there is, in any order of any two short programs")
    func atomic() {
        for total in 1...4 {
            for a in Self.programs {
                for b in Self.programs {
                    for order in Self.interleavings(a.count, b.count) {
                        var pool = KVCacheManager(KVMemoryConfiguration(totalBlocks: total))
                        var held = [0, 0]
                        var next = [0, 0]
                        var sound = true
                        for worker in order {
                            let operation = [a, b][worker][next[worker]]
                            next[worker] += 1
                            if operation == .giveBack {
                                pool.free(held[worker])
                                held[worker] = 0
                            } else if pool.allocate(operation.blocks) {
                                held[worker] += operation.blocks
                            } else {
                                sound = sound && operation.blocks > total - held[0] - held[1]
                            }
                            sound = sound && pool.usedBlocks == held[0] + held[1] && pool.usedBlocks <= total
                        }
                        #expect(sound, "\(total) blocks, \(a) and \(b) in the order \(order)")
                    }
                }
            }
        }
    }

    @Test("query and update as two steps hand out more than there is, or lose blocks, in some orders")
    func separate() {
        var overcommitted = 0
        var miscounted = 0
        let total = 3
        for order in Self.interleavings(2, 2) {
            var used = 0
            var held = [0, 0]
            var seen: [Int?] = [nil, nil]
            for worker in order {
                if let query = seen[worker] {
                    guard query + 2 <= total else { continue }
                    used = query + 2
                    held[worker] += 2
                } else {
                    seen[worker] = used
                }
            }
            if held[0] + held[1] > total { overcommitted += 1 }
            if held[0] + held[1] != used { miscounted += 1 }
        }
        // Of six orders, the four in which both query before either updates.
        #expect(overcommitted == 4 && miscounted == 4)
    }
}
