internal import EventKernel
internal import Metrics

/// What a timer is for.
enum TimerOwner: Sendable, BitwiseCopyable {
    case lane(Int, instance: Int)
    /// The next transfer that an instance takes in.
    case link(instance: Int)
    /// An instance's partition control, which wants to look at it even if nothing happens, or the end of its restart in
    /// another role.
    case control(instance: Int)
}

/// What all instances of a run share: the clock, the timers of lanes and links, and the account of requests.
struct RunContext: ~Copyable {
    let stepByStep: Bool
    private(set) var now = SimulationTime.zero
    var timers: Timers
    /// Whose timers they are. At one instant lanes come first, in order of instances, then links, then partition controls.
    let timerOwners: UniqueBuffer<TimerOwner>

    /// What the recorder wants to be told.
    private(set) var recordsIterations = false
    var gaps = TokenGaps(.ignored)

    /// By pool.
    var costLines = UniqueBuffer<CostLineCache>()
    /// Of the instances with more than one stage.
    var pipelines: [PipelineTimetable] = []

    private(set) var arrived = 0
    private(set) var completed = 0
    private(set) var rejected = 0
    private(set) var unfinished = 0
    private(set) var lost = 0
    private(set) var inSystem = 0
    /// The times at which requests left, less those at which they came.
    private var stayNanoseconds = Int128(0)
    /// KV blocks that requests now in the system will hold in decode instances when they end, where that is counted.
    var promisedBlocks = 0
    private(set) var fingerprint = Fingerprint()
    /// Whether `finished` is kept, for sources that react.
    var keepsFinished = false
    /// Requests that have been answered or refused at this instant.
    var finished = UniqueBuffer<Int>()

    /// - Precondition: there is an owner.
    init(timerOwners: consuming UniqueBuffer<TimerOwner>, pools: Int, stepByStep: Bool) {
        timers = Timers(subjects: timerOwners.count)
        self.timerOwners = timerOwners
        self.stepByStep = stepByStep
        for _ in 0..<pools { costLines.append(CostLineCache()) }
    }

    /// Before anything happens.
    mutating func prepare(for recorder: some Recorder) {
        recordsIterations = recorder.recordsIterations
        gaps = TokenGaps(recorder.tokenGaps)
    }

    /// - Precondition: `time` is not in the past.
    @inline(__always)
    mutating func advance(to time: SimulationTime) {
        precondition(time >= now, "time runs back from \(now) to \(time)")
        now = time
    }

    /// The time that requests have spent here by now, added up.
    var requestNanoseconds: Int128 { stayNanoseconds + Int128(inSystem) * Int128(now.nanoseconds) }

    mutating func admit() {
        arrived &+= 1
        inSystem &+= 1
        // Fewer than 2⁶³ requests come at times below 2⁶³.
        stayNanoseconds &-= Int128(now.nanoseconds)
    }

    mutating func fold(_ change: PartitionChangeRecord) {
        fingerprint.fold(change.time)
        fingerprint.fold(UInt64(change.instance))
        fingerprint.fold(UInt64(change.prefillSMs << 32 | change.decodeSMs))
    }

    /// Requests of a run, of whatever outcome, are fewer than 2⁶³.
    @inline(__always)
    mutating func finish(_ record: RequestRecord, _ recorder: inout some Recorder) {
        switch record.outcome {
        case .completed: completed &+= 1
        case .rejected: rejected &+= 1
        case .unfinished: unfinished &+= 1
        case .lost: lost &+= 1
        }
        if record.outcome != .unfinished {
            inSystem &-= 1
            stayNanoseconds &+= Int128(now.nanoseconds)
        }
        fingerprint.fold(UInt64(bitPattern: Int64(record.request)))
        fingerprint.fold(record.firstToken ?? .never)
        fingerprint.fold(record.completion ?? .never)
        fingerprint.fold(UInt64(bitPattern: Int64(record.preemptions)))
        recorder.record(record)
        if keepsFinished { finished.append(record.request) }
    }
}
