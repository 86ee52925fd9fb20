internal import EventKernel
internal import Metrics

/// What all instances of a run share: the clock, the timers of lanes and links, and the account of requests.
struct RunContext: ~Copyable {
    let stepByStep: Bool
    private(set) var now = SimulationTime.zero
    /// Of lane l of instance i at 2·i + l, then of the link into each instance, then of each partition control.
    var timers: Timers
    private let instances: Int
    /// Of the instances with more than one stage.
    var pipelines: [PipelineTimetable] = []

    private(set) var arrived = 0
    private(set) var completed = 0
    private(set) var rejected = 0
    private(set) var unfinished = 0
    private(set) var lost = 0
    private(set) var requestNanoseconds = Int128(0)
    private(set) var fingerprint = Fingerprint()
    /// Whether `finished` is kept, for sources that react.
    var keepsFinished = false
    /// Requests that have been answered or refused at this instant.
    var finished = UniqueBuffer<Int>()

    init(instances: Int, stepByStep: Bool) {
        timers = Timers(subjects: 4 * instances)
        self.instances = instances
        self.stepByStep = stepByStep
    }

    var inSystem: Int { arrived - rejected - completed - lost }

    /// The timer at which an instance's partition control wants to look at it even if nothing happens.
    func controlTimer(of instance: Int) -> Int { 3 * instances + instance }

    /// - Precondition: `time` is not in the past.
    mutating func advance(to time: SimulationTime) {
        precondition(time >= now, "time runs back from \(now) to \(time)")
        requestNanoseconds += Int128(inSystem) * Int128((time - now).nanoseconds)
        now = time
    }

    mutating func admit() { arrived += 1 }

    mutating func fold(_ change: PartitionChangeRecord) {
        fingerprint.fold(change.time)
        fingerprint.fold(UInt64(change.instance))
        fingerprint.fold(UInt64(change.prefillSMs << 32 | change.decodeSMs))
    }

    mutating func finish(_ record: RequestRecord, _ recorder: inout some Recorder) {
        switch record.outcome {
        case .completed: completed += 1
        case .rejected: rejected += 1
        case .unfinished: unfinished += 1
        case .lost: lost += 1
        }
        fingerprint.fold(UInt64(record.request))
        fingerprint.fold(record.firstToken ?? .never)
        fingerprint.fold(record.completion ?? .never)
        fingerprint.fold(UInt64(record.preemptions))
        recorder.record(record)
        if keepsFinished { finished.append(record.request) }
    }
}
