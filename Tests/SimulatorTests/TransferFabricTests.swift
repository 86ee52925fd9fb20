import EventKernel
import Testing

@testable import Simulator

@Suite("Links that transfers share")
struct TransferFabricTests {
    private func transfer(from source: Int, to destination: Int, alone: Int64, at now: Int64 = 0) -> Transfer {
        Transfer(
            offer: BridgeEntry(source: source, slot: 0, blocks: 1), to: destination,
            requested: SimulationTime(nanoseconds: now), alone: SimulationDuration(nanoseconds: alone))
    }

    /// Requests the transfers at their times and finishes them; returns finish times in the order of requests' slots.
    private func run(
        _ transfers: [(source: Int, destination: Int, alone: Int64, at: Int64)], instances: Int, lanes: Int
    ) -> [Int64] {
        var fabric = TransferFabric(instances: instances, lanes: lanes)
        var finishes = [Int64](repeating: -1, count: transfers.count)
        var upcoming = transfers.indices.sorted { transfers[$0].at < transfers[$1].at }[...]
        while true {
            let next = (0..<instances).min { fabric.earliestFinish(into: $0) < fabric.earliestFinish(into: $1) } ?? 0
            let done = fabric.earliestFinish(into: next)
            if let index = upcoming.first, transfers[index].at < done.nanoseconds {
                upcoming.removeFirst()
                var new = transfer(
                    from: transfers[index].source, to: transfers[index].destination, alone: transfers[index].alone,
                    at: transfers[index].at)
                new.offer.slot = Int32(index)
                fabric.request(new, at: new.requested)
            } else if done != .never {
                finishes[Int(fabric.finish(into: next, at: done).offer.slot)] = done.nanoseconds
            } else {
                return finishes
            }
        }
    }

    @Test("two transfers out of one source divide its link while both are under way")
    func sharedSource() {
        // Half of the first is over when the second begins; the second has half of its own left when the first ends.
        #expect(run([(0, 1, 1000, 0), (0, 2, 1000, 500)], instances: 3, lanes: 1) == [1500, 2000])
    }

    @Test("transfers between different pairs do not disturb each other")
    func disjoint() {
        #expect(run([(0, 2, 1000, 0), (1, 3, 700, 100)], instances: 4, lanes: 1) == [1000, 800])
    }

    @Test("a destination takes in so many at a time, the others wait in order")
    func lanes() {
        let transfers: [(Int, Int, Int64, Int64)] = [(0, 3, 1000, 0), (1, 3, 1000, 0), (2, 3, 500, 0)]
        #expect(run(transfers, instances: 4, lanes: 1) == [1000, 2000, 2500])
        #expect(run(transfers, instances: 4, lanes: 2) == [2000, 2000, 2500])
        #expect(run(transfers, instances: 4, lanes: 3) == [2500, 2500, 1500])
    }

    @Test("a transfer goes as fast as the busier of its links lets it")
    func busierLink() {
        // Three out of source 0, one of them into 4 beside one from 1: thirds, then halves.
        let transfers: [(Int, Int, Int64, Int64)] = [(0, 2, 300, 0), (0, 3, 300, 0), (0, 4, 300, 0), (1, 4, 300, 0)]
        // The one from 1 has half of its destination's link: 600. The other three have a third: 900.
        #expect(run(transfers, instances: 5, lanes: 2) == [900, 900, 900, 600])
    }

    @Test("a busy link is never idle: the last transfer out of a source ends when its work does", arguments: 0..<100)
    func workConserving(seed: Int) {
        var random = RandomStreams(seed: UInt64(seed)).stream(named: "fabric")
        let transfers = (0..<30).map { _ in
            (
                source: 0, destination: 1 + random.index(below: 4), alone: Int64(1 + random.index(below: 3000)),
                at: Int64(random.index(below: 20_000))
            )
        }
        let finishes = run(transfers, instances: 5, lanes: 30)
        var busyUntil: Int64 = 0
        for transfer in transfers.sorted(by: { $0.at < $1.at }) {
            busyUntil = max(busyUntil, transfer.at) + transfer.alone
        }
        let last = finishes.max() ?? 0
        // Each change of shares rounds by less than a nanosecond.
        #expect(finishes.allSatisfy { $0 > 0 } && abs(last - busyUntil) <= 60)
    }
}
