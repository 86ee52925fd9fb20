internal import CostModels
internal import EventKernel
internal import Metrics
internal import Workloads

/// A request inside an instance, addressed by its slot in the instance's `RequestTable`.
struct RequestState: Sendable {
    enum Phase: UInt8, Sendable {
        case waiting, prefilling
        /// Prefilled, with its KV in this instance, but not in the decode set: handed over, or pinned until pulled.
        case prefilled
        case decoding
    }

    var request: Request
    var phase = Phase.waiting
    /// Tokens whose KV is in memory, as of the last time the request changed phase or finished a chunk.
    var computedTokens = 0
    /// Tokens generated, as of the last time the request changed phase.
    var generatedTokens = 0
    /// Blocks held, likewise.
    var blocks = 0

    /// Decode set iteration in which it generates its next token first, while decoding.
    var joinIteration = 0
    /// Undisturbed work that its decode lane had done when it joined.
    var joinWork = Work.zero
    /// Decode set iteration after which it is done.
    var dueIteration = 0
    /// Neighbours in order of admission to the decode set.
    var previous = RequestTable.none
    var next = RequestTable.none

    var scheduled: SimulationTime?
    var firstToken: SimulationTime?
    var lastToken = SimulationTime.zero
    /// Where the part of its latency that is still running began.
    var mark: SimulationTime
    var prefillWork = Work.zero
    var isPreempted = false
    var parts = LatencyParts()
    var preemptions = 0
    var prefillInstance: Int?

    init(_ request: Request) {
        self.request = request
        mark = request.arrival
    }

    /// Tokens that prefill has to compute: the prompt and, after a preemption, what had been generated.
    var prefillTarget: Int { request.promptTokens + generatedTokens }
    var remainingPrefill: Int { prefillTarget - computedTokens }

    func record(_ outcome: RequestOutcome, completion: SimulationTime?, decodeInstance: Int?) -> RequestRecord {
        RequestRecord(
            request: request.index, classIndex: request.classIndex, outcome: outcome, arrival: request.arrival,
            promptTokens: request.promptTokens, outputTokens: request.outputTokens, scheduled: scheduled,
            firstToken: firstToken, completion: completion, parts: parts, preemptions: preemptions,
            prefillInstance: prefillInstance, decodeInstance: decodeInstance)
    }
}

/// The requests of one instance by slot. Slots of finished requests are used again, so that memory follows the number
/// of requests in the instance and not of requests in the run.
struct RequestTable: Sendable {
    static let none: Int32 = -1

    private var states: ContiguousArray<RequestState> = []
    private var freeSlots: ContiguousArray<Int32> = []

    var count: Int { states.count - freeSlots.count }

    mutating func insert(_ state: RequestState) -> Int32 {
        if let slot = freeSlots.popLast() {
            states[Int(slot)] = state
            return slot
        }
        states.append(state)
        return Int32(states.count - 1)
    }

    mutating func remove(_ slot: Int32) -> RequestState {
        freeSlots.append(slot)
        let state = states[Int(slot)]
        // A forgotten completion of an earlier stay in the decode set must not find it decoding.
        states[Int(slot)].phase = .waiting
        return state
    }

    subscript(slot: Int32) -> RequestState {
        _read { yield states[Int(slot)] }
        _modify { yield &states[Int(slot)] }
    }
}
