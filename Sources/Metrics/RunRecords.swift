public import EventKernel

/// The state of one instance at a moment, sampled at a fixed cadence of simulated time.
public struct IntervalRecord: Hashable, Sendable {
    public var time: SimulationTime
    public var instance: Int
    public var waiting: Int
    public var prefilling: Int
    /// Prefilled, waiting for a place in the decode batch.
    public var decodeWaiting: Int
    public var decoding: Int
    public var usedBlocks: Int
    public var totalBlocks: Int
    /// Of `usedBlocks`, those of requests that do not decode yet: in prefill, waiting for a place, or on their way.
    public var prefillBlocks: Int
    /// SMs of each phase while it runs; 0 while it does not.
    public var prefillSMs: Int
    public var decodeSMs: Int
    /// Time since the previous sample in which each lane was busy. A unified instance has one lane, counted as prefill.
    public var prefillBusy: SimulationDuration
    public var decodeBusy: SimulationDuration

    public init(
        time: SimulationTime, instance: Int, waiting: Int, prefilling: Int, decodeWaiting: Int, decoding: Int,
        usedBlocks: Int, totalBlocks: Int, prefillBlocks: Int, prefillSMs: Int, decodeSMs: Int,
        prefillBusy: SimulationDuration, decodeBusy: SimulationDuration
    ) {
        self.time = time
        self.instance = instance
        self.waiting = waiting
        self.prefilling = prefilling
        self.decodeWaiting = decodeWaiting
        self.decoding = decoding
        self.usedBlocks = usedBlocks
        self.totalBlocks = totalBlocks
        self.prefillBlocks = prefillBlocks
        self.prefillSMs = prefillSMs
        self.decodeSMs = decodeSMs
        self.prefillBusy = prefillBusy
        self.decodeBusy = decodeBusy
    }
}

/// An iteration of a lane, or several of one decode batch that follow each other without a pause.
public struct IterationRecord: Hashable, Sendable {
    public var instance: Int
    /// 0 for the only lane of a unified or prefill instance and for the prefill lane, 1 for decode.
    public var lane: Int
    public var start: SimulationTime
    public var end: SimulationTime
    public var iterations: Int
    public var sms: Int
    /// Prompt tokens and chunks of prompts that were computed.
    public var prefillTokens: Int
    public var prefillSequences: Int
    /// Sequences that got a token in each iteration, and their context in the first of them.
    public var decodeSequences: Int
    public var decodeContextTokens: Int

    public init(
        instance: Int, lane: Int, start: SimulationTime, end: SimulationTime, iterations: Int, sms: Int,
        prefillTokens: Int, prefillSequences: Int, decodeSequences: Int, decodeContextTokens: Int
    ) {
        self.instance = instance
        self.lane = lane
        self.start = start
        self.end = end
        self.iterations = iterations
        self.sms = sms
        self.prefillTokens = prefillTokens
        self.prefillSequences = prefillSequences
        self.decodeSequences = decodeSequences
        self.decodeContextTokens = decodeContextTokens
    }
}

/// A change of an instance's SM partition.
public struct PartitionChangeRecord: Hashable, Sendable {
    public var time: SimulationTime
    public var instance: Int
    public var prefillSMs: Int
    public var decodeSMs: Int
    public var reason: String

    public init(time: SimulationTime, instance: Int, prefillSMs: Int, decodeSMs: Int, reason: String) {
        self.time = time
        self.instance = instance
        self.prefillSMs = prefillSMs
        self.decodeSMs = decodeSMs
        self.reason = reason
    }
}

/// A KV transfer between two instances.
public struct TransferRecord: Hashable, Sendable {
    public var request: Int
    public var source: Int
    public var destination: Int
    public var bytes: Int
    /// When the decode side asked for it, when the link began, when the last byte arrived.
    public var requested: SimulationTime
    public var started: SimulationTime
    public var finished: SimulationTime

    public init(
        request: Int, source: Int, destination: Int, bytes: Int, requested: SimulationTime, started: SimulationTime,
        finished: SimulationTime
    ) {
        self.request = request
        self.source = source
        self.destination = destination
        self.bytes = bytes
        self.requested = requested
        self.started = started
        self.finished = finished
    }
}

/// What one instance did over a whole run.
public struct InstanceRecord: Hashable, Sendable {
    public var instance: Int
    public var pool: String
    public var gpus: Int
    public var totalBlocks: Int
    public var peakBlocks: Int
    public var prefillBusy: SimulationDuration
    public var decodeBusy: SimulationDuration
    public var prefillIterations: Int
    public var decodeIterations: Int
    public var preemptions: Int
    /// `nil` without prefix caching.
    public var prefixCache: PrefixCacheRecord?
    /// `nil` of an instance that has no lane for the phase alone.
    public var prefillStarvation: StarvationRecord?
    public var decodeStarvation: StarvationRecord?

    public init(
        instance: Int, pool: String, gpus: Int, totalBlocks: Int, peakBlocks: Int, prefillBusy: SimulationDuration,
        decodeBusy: SimulationDuration, prefillIterations: Int, decodeIterations: Int, preemptions: Int,
        prefixCache: PrefixCacheRecord? = nil, prefillStarvation: StarvationRecord? = nil,
        decodeStarvation: StarvationRecord? = nil
    ) {
        self.instance = instance
        self.pool = pool
        self.gpus = gpus
        self.totalBlocks = totalBlocks
        self.peakBlocks = peakBlocks
        self.prefillBusy = prefillBusy
        self.decodeBusy = decodeBusy
        self.prefillIterations = prefillIterations
        self.decodeIterations = decodeIterations
        self.preemptions = preemptions
        self.prefixCache = prefixCache
        self.prefillStarvation = prefillStarvation
        self.decodeStarvation = decodeStarvation
    }
}

/// What the simulator returns when a run ends.
public struct RunOutcome: Hashable, Sendable {
    /// Time of the last event.
    public var end: SimulationTime
    public var arrived: Int
    public var completed: Int
    public var rejected: Int
    public var unfinished: Int
    /// With instances that failed.
    public var lost: Int
    /// Hash of every request's fate and every partition change, in order.
    public var fingerprint: UInt64
    /// ∫ number of requests in the system dt in request-nanoseconds; equals Σ of their sojourns (Little's law).
    public var requestNanoseconds: Int128
    /// Iterations of all lanes.
    public var iterations: Int
    /// Seconds of iteration time by provenance of their price, in the order of `CostProvenance.allCases`.
    public var provenanceSeconds: [Double]
    public var instances: [InstanceRecord]

    public init(
        end: SimulationTime, arrived: Int, completed: Int, rejected: Int, unfinished: Int, lost: Int = 0,
        fingerprint: UInt64, requestNanoseconds: Int128, iterations: Int, provenanceSeconds: [Double],
        instances: [InstanceRecord]
    ) {
        self.end = end
        self.arrived = arrived
        self.completed = completed
        self.rejected = rejected
        self.unfinished = unfinished
        self.lost = lost
        self.fingerprint = fingerprint
        self.requestNanoseconds = requestNanoseconds
        self.iterations = iterations
        self.provenanceSeconds = provenanceSeconds
        self.instances = instances
    }
}
