import EventKernel
import Metrics
import Planning
import Testing

@Suite("The search for the cheapest arrangement")
struct PlanSearchTests {
    private static let space = PlanSpace(
        offers: [.init(device: "small", pricePerHour: 1), .init(device: "large", pricePerHour: 2.5)],
        policies: [
            .init(id: "u", kind: .unified, chunkParameter: "chunk", sequencesParameter: "max_num_seqs"),
            .init(id: "d", kind: .disaggregated, chunkParameter: nil, sequencesParameter: nil),
            .init(id: "s", kind: .semiPD, chunkParameter: nil, sequencesParameter: nil),
        ], tensorParallelism: [1, 2, 4], chunks: [2048], sequences: [], prefillShares: [0.25, 0.5],
        partitions: [.init(prefillPercent: 60, decodePercent: 80)], maximumGPUs: 32)

    /// A made-up world: an instance serves so many requests a second, families by chance; attainment falls below the
    /// target where the load is above what all serve.
    private struct World {
        let seed: UInt64
        let load = 20.0

        func capacity(_ arrangement: Arrangement) -> Double? {
            if arrangement.device == "small", arrangement.tensorParallelism == 1 { return nil }
            let family = "\(arrangement.with(instances: 4).name)"
            var stream = RandomStreams(seed: seed).stream(named: family)
            let power = arrangement.device == "small" ? 1.0 : 2.2
            return power * Double(arrangement.gpus) * (1 + stream.uniform())
        }

        func meets(_ arrangement: Arrangement) -> Bool { capacity(arrangement).map { $0 >= load } ?? false }

        func outcome(_ run: PlanRun) -> PlanOutcome {
            guard let capacity = capacity(run.arrangement) else { return .impossible(reason: "too small") }
            var stream = RandomStreams(seed: seed, run: UInt64(run.replication)).stream(named: "noise")
            let share = min(1, max(0, (capacity >= load ? 0.97 : 0.7) + 0.02 * stream.normal()))
            let met = Int(share * Double(run.requests))
            return .sample(
                PlanSample(
                    attainment: AttainmentSample(
                        requests: run.requests, metTTFT: met, metTPOT: run.requests, met: met, metLate: met / 2,
                        saturation: .stable), tokensPerSecond: 1000, timePerOutputToken: 0.01))
        }
    }

    private func search(_ wanted: Int = 3) -> PlanSearch {
        PlanSearch(
            space: Self.space,
            test: AttainmentTest(target: 0.9, confidence: 0.95, looks: [3, 6, 12], points: 60),
            rungs: [200, 600, 2000], wanted: wanted)
    }

    @Test("the winner costs no more than any arrangement that brute force finds to do", arguments: UInt64(1)...20)
    func bruteForce(seed: UInt64) throws {
        let world = World(seed: seed)
        let answer = search().run(isOutOfTime: { false }, measure: { $0.map(world.outcome) })
        let winner = try #require(answer.confirmed.first)
        #expect(world.meets(winner.arrangement))
        for family in Self.space.families {
            for instances in family.leastInstances...(Self.space.maximumGPUs / family.tensorParallelism) {
                let arrangement = family.with(instances: instances)
                if world.meets(arrangement) {
                    #expect(winner.pricePerHour <= Self.space.pricePerHour(of: arrangement), "\(arrangement.name)")
                }
            }
        }
        #expect(answer.confirmed.map(\.pricePerHour) == answer.confirmed.map(\.pricePerHour).sorted())
        #expect(answer.impossible.map(\.reason) == ["too small"])
        #expect(
            Set(
                answer.confirmed.map {
                    "\($0.arrangement.device) \($0.arrangement.policy) \($0.arrangement.tensorParallelism)"
                }
            ).count == answer.confirmed.count)
    }

    @Test("stages multiply GPUs and families, but not those of semi-PD, and are in the scenario")
    func stages() {
        var space = Self.space
        space.pipelineParallelism = [1, 2]
        let (plain, staged) = (Self.space.families, space.families)
        #expect(staged.filter { $0.pipelineParallelism == 1 } == plain)
        let more = staged.filter { $0.pipelineParallelism == 2 }
        #expect(more.count == plain.count { $0.policy != "s" })
        #expect(more.allSatisfy { $0.policy != "s" && $0.gpus == 2 * $0.instances * $0.tensorParallelism })
        #expect(more.allSatisfy { $0.deploymentsText.contains("pp: 2") && $0.name.contains(" PP 2") })
        #expect(plain.allSatisfy { !$0.deploymentsText.contains("pp:") })
    }

    @Test("one instance fewer is asked what it fails on")
    func binding() throws {
        let answer = search().run(isOutOfTime: { false }, measure: { $0.map(World(seed: 3).outcome) })
        let binding = answer.confirmed.map(\.binding)
        #expect(!binding.isEmpty && binding.allSatisfy { $0 == .ttft || $0 == .memory })
    }

    @Test("the shorter the time, the fewer the runs, and what is confirmed stays true", arguments: [0, 1, 5, 40])
    func budget(batches: Int) {
        let world = World(seed: 8)
        var left = batches
        let answer = search().run(
            isOutOfTime: { left <= 0 },
            measure: { runs in
                left -= 1
                return runs.map(world.outcome)
            })
        #expect(answer.confirmed.allSatisfy { world.meets($0.arrangement) })
        if batches == 0 { #expect(answer.runs == 0 && answer.confirmed.isEmpty) }
    }

    @Test("a family is given the fewest instances that do, wherever that is", arguments: 1...32)
    func fewest(needed: Int) throws {
        let space = PlanSpace(
            offers: [.init(device: "x", pricePerHour: 1)],
            policies: [.init(id: "u", kind: .unified, chunkParameter: nil, sequencesParameter: nil)],
            tensorParallelism: [1], chunks: [], sequences: [], prefillShares: [], partitions: [], maximumGPUs: 32)
        let search = PlanSearch(
            space: space, test: AttainmentTest(target: 0.9, confidence: 0.95, looks: [1], points: 60),
            rungs: [100, 200],
            wanted: 1)
        let answer = search.run(
            isOutOfTime: { false },
            measure: { runs in
                runs.map { run in
                    let met = run.arrangement.instances >= needed ? 100 : 10
                    return .sample(
                        PlanSample(
                            attainment: AttainmentSample(
                                requests: 100, metTTFT: met, metTPOT: met, met: met, metLate: met / 2,
                                saturation: .stable))
                    )
                }
            })
        #expect(answer.confirmed.map(\.arrangement.instances) == [needed])
    }

    @Test("shares of prefill instances leave one of each phase, and deployments say so")
    func shares() {
        for instances in 2...9 {
            for share in [0.01, 0.25, 0.5, 0.99] {
                let arrangement = Arrangement(
                    device: "x", policy: "distserve", tensorParallelism: 2, sharing: .apart(prefillShare: share),
                    settings: [], instances: instances)
                let prefill = arrangement.prefillInstances ?? 0
                #expect(prefill >= 1 && prefill < instances)
                #expect(
                    arrangement.deploymentsText.contains(
                        "prefill_instances: \(prefill), decode_instances: \(instances - prefill)"))
            }
        }
    }

    @Test("the Pareto front is what a check of all pairs leaves", arguments: UInt64(1)...20)
    func pareto(seed: UInt64) {
        var stream = RandomStreams(seed: seed).stream(named: "points")
        let points = (0..<40).map { _ in (x: Double(stream.index(below: 12)), y: Double(stream.index(below: 12))) }
        let front = ParetoFront.maximal(points)
        for (index, point) in points.enumerated() {
            let isBeaten = points.contains { other in
                other.x >= point.x && other.y >= point.y && (other.x > point.x || other.y > point.y)
            }
            let isOnFront = front.contains { points[$0].x == point.x && points[$0].y == point.y }
            #expect(isOnFront == !isBeaten, "point \(index)")
        }
        #expect(Set(front.map { "\(points[$0])" }).count == front.count)
        #expect(front.map { points[$0].x } == front.map { points[$0].x }.sorted())
    }
}
