import CostModels
import EventKernel
import Metrics
import Synchronization
import Testing
import Workloads

@testable import Simulator

/// Two workers allocate, grow and free in one pool of a few blocks, by the engine's own code, in every order in which their
/// iterations can end: whenever one begins beside another, it ends before, with or after it, and all three are followed.
@Suite("Every interleaving of two workers on one small KV pool")
struct InterleavingTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var blocks: Int
        var eviction: FCFSDecodePolicy.Eviction
        var handOff: HandOff

        var testDescription: String { "\(blocks) blocks, \(eviction.rawValue), \(handOff.rawValue)" }
    }

    static let cases = (4...7).flatMap { blocks in
        FCFSDecodePolicy.Eviction.allCases.flatMap { eviction in
            HandOff.allCases.map { Case(blocks: blocks, eviction: eviction, handOff: $0) }
        }
    }

    @Test("none over-commits the pool, gives a block to two requests, or loses one", arguments: cases)
    func conserved(_ small: Case) throws {
        var script: [Int] = []
        var (runs, starved, preempted) = (0, 0, 0)
        while true {
            let order = Order(script, blocks: small.blocks)
            let outcome = try serve(small, order)
            runs += 1
            let instance = outcome.instances[0]
            if let violation = order.violation ?? Self.violation(outcome) {
                Issue.record("\(violation), in the order \(script)")
                return
            }
            starved += min(1, (instance.prefillStarvation?.spells ?? 0) + (instance.decodeStarvation?.spells ?? 0))
            preempted += min(1, instance.preemptions)
            guard let next = order.next else { break }
            script = next
        }
        print(
            "\(small.testDescription): \(runs) orders, \(starved) with a phase without blocks, \(preempted) preempting")
        #expect(runs >= 15 && starved > 0)
        if small.blocks < 7 { #expect(preempted > 0) }
    }

    private static func violation(_ outcome: RunOutcome) -> String? {
        if outcome.completed != 4 { return "\(outcome.completed) of 4 requests completed" }
        let instance = outcome.instances[0]
        return instance.peakBlocks > instance.totalBlocks ? "\(instance.peakBlocks) blocks in use" : nil
    }

    /// Four prompts, prefilled one by one: the last two while the first two decode. None needs more than three blocks of two
    /// tokens.
    private func serve(_ small: Case, _ order: Order) throws -> RunOutcome {
        var served = pool(
            .semiPD, model: OrderedCosts(order: order), blocks: small.blocks, blockSize: 2, maxSequences: 4,
            maxBatchedTokens: 4)
        served.memory.host = HostMemory(blocks: 3, secondsPerBlock: 0)
        served.handOff = small.handOff
        served.prefillPolicy = OrderedPolicy(policy: FCFSPrefillPolicy(), lane: 0, order: order)
        served.decodePolicy = OrderedPolicy(policy: FCFSDecodePolicy(eviction: small.eviction), lane: 1, order: order)
        var configuration = SimulationConfiguration(pools: [served])
        configuration.stepByStep = true
        configuration.checksInvariants = true
        let requests = [(2, 5), (3, 4), (4, 3), (1, 5)].enumerated().map { index, tokens in
            Request(index: index, arrival: .zero, promptTokens: tokens.0, outputTokens: tokens.1)
        }
        let trace = Trace(requests: requests, provenance: .init(source: "by hand", format: "generated"))
        return try simulate(configuration, trace).1
    }
}

/// One order of ends: the choices of a script, then the first of each.
private final class Order: Sendable {
    private struct State {
        var script: [Int]
        var choices: [(taken: Int, of: Int)] = []
        /// When the iteration of each lane ends, and how long the last one takes.
        var ends: [Int64] = [0, 0]
        var durations: [Int64] = [0, 0]
        /// Which blocks each request owns.
        var owned: [Int: [Int]] = [:]
        var free: [Int]
        var violation: String?
        var number = 0
    }

    /// Between two ends there is always room for half of the orders to come.
    private static let unit: Int64 = 1 << 40
    private let state: Mutex<State>

    init(_ script: [Int], blocks: Int) { state = Mutex(State(script: script, free: Array(0..<blocks))) }

    var violation: String? { state.withLock { $0.violation } }

    /// The script of the order that comes after this one; `nil` after the last.
    var next: [Int]? {
        state.withLock { state in
            var choices = state.choices
            while let last = choices.last, last.taken + 1 == last.of { choices.removeLast() }
            guard let last = choices.popLast() else { return nil }
            return choices.map(\.taken) + [last.taken + 1]
        }
    }

    /// Another one every time, from one on.
    func nextNumber() -> Int {
        state.withLock { state in
            state.number += 1
            return state.number
        }
    }

    func duration(of lane: Int) -> Int64 { state.withLock { $0.durations[lane] } }

    /// An iteration begins on a lane.
    func begin(_ lane: Int, at now: Int64) {
        state.withLock { state in
            let other = state.ends[1 - lane]
            var ends = [now + Self.unit]
            if other > now { ends = [now + (other - now) / 2, other, other + Self.unit] }
            let position = state.choices.count
            let taken = position < state.script.count ? state.script[position] : 0
            if ends.count > 1 { state.choices.append((taken, ends.count)) }
            let end = ends.count > 1 ? ends[taken] : ends[0]
            state.ends[lane] = end
            state.durations[lane] = end - now
        }
    }

    /// Gives blocks to the requests that hold more than before, and takes them from those that hold fewer.
    func reconcile(_ held: [Int: Int], used: Int) {
        state.withLock { state in
            for request in 0..<4 {
                let (count, owned) = (held[request] ?? 0, state.owned[request] ?? [])
                if owned.count > count {
                    state.free += owned[count...]
                    state.owned[request] = Array(owned[..<count])
                }
            }
            for request in 0..<4 {
                while (state.owned[request] ?? []).count < held[request] ?? 0 {
                    guard let block = state.free.popLast() else {
                        state.violation = "request \(request) holds a block that another one owns"
                        return
                    }
                    state.owned[request, default: []].append(block)
                }
            }
            let sum = held.values.reduce(0, +)
            if sum != used { state.violation = "\(sum) blocks held, \(used) in use" }
        }
    }
}

private struct OrderedPolicy: SchedulingPolicy {
    var policy: any SchedulingPolicy
    let lane: Int
    let order: Order

    mutating func schedule(_ instance: inout Instance) {
        order.reconcile(instance.blocksByRequest(), used: instance.memory.usedBlocks)
        // So that no price is known from a batch before.
        instance.lanes[lane].sms = order.nextNumber()
        policy.schedule(&instance)
        if !instance.batch.isEmpty { order.begin(lane, at: instance.now.nanoseconds) }
    }
}

/// Iterations take what the order says.
private struct OrderedCosts: CostModel {
    let order: Order

    private func work(of lane: Int) -> Work { Work(units: order.duration(of: lane) << Work.fractionBits) }

    func work(of shape: IterationShape, sms: Int) -> Work { work(of: shape.isDecodeOnly ? 1 : 0) }

    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        DecodeCostLine(fixed: work(of: 1), perContextToken: .zero, validContext: contextTokens...contextTokens)
    }

    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns { .none }

    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares { ProvenanceShares(.given, seconds: 1) }
}

extension Instance {
    /// Blocks that each request holds, by its number.
    fileprivate mutating func blocksByRequest() -> [Int: Int] {
        var held: [Int: Int] = [:]
        for slot in waiting.elements + prefilling.elements + prefilled.elements {
            held[requests[slot].request.index] = requests[slot].blocks
        }
        let isInFlight = lanes[1].isRunning && lanes[1].batch.decodes
        var slot = decodeSet.first
        while slot != RequestTable.none {
            // The iteration in flight writes the KV of one more token.
            let tokens = requests[slot].computedTokens + decodeSet.iteration - requests[slot].joinIteration
            held[requests[slot].request.index] = memory.blocks(for: tokens + (isInFlight ? 1 : 0))
            slot = requests[slot].next
        }
        return held
    }
}
