internal import CostModels
public import Diagnostics

/// The lines of a microbenchmark run that kernel tables are made of, family by family.
public struct KernelMeasurements: Sendable {
    struct GEMM: Hashable { var n: Int, k: Int, sms: Int, state: PowerState, m: Int, seconds: Double }
    struct Prefill: Hashable {
        var heads: Int, keyValueHeads: Int, sms: Int, state: PowerState, past: Int, batch: Int, queries: Int
        var seconds: Double
    }
    struct Decode: Hashable {
        var heads: Int, keyValueHeads: Int, sms: Int, batch: Int, context: Int
        var seconds: Double
    }
    /// Contexts spread evenly from nothing to twice the mean.
    struct UnequalDecode: Hashable {
        var heads: Int, keyValueHeads: Int, sms: Int, batch: Int
        /// Σ over the sequences.
        var context: Int
        var seconds: Double
    }
    struct Elementwise: Hashable {
        var kernel: ElementwiseTable.Kernel, width: Int, sms: Int, tokens: Int
        var seconds: Double
    }
    struct AllReduce: Hashable { var ranks: Int, bytes: Int, seconds: Double }
    struct Read: Hashable { var sms: Int, bytes: Int, seconds: Double }
    /// Whole iterations of a model, inside a CUDA graph.
    struct Iteration: Hashable {
        var model: String, isDecode: Bool, sms: Int, state: PowerState, tokens: Int, batch: Int, context: Int
        var seconds: Double
    }
    /// A kernel of an iteration timed right behind a whole one, inside one CUDA graph, at the clock of the whole.
    struct PartInIteration: Hashable {
        /// Its seconds are those of the whole that ran before.
        var iteration: Iteration
        var name: String, count: Int, seconds: Double
    }
    /// Layer loops side by side; seconds are those of a layer alone.
    struct CoRun: Hashable {
        var model: String, mechanism: CoRunSurface.Mechanism, prefillSMs: Int, decodeSMs: Int
        var tokens: Int, batch: Int, context: Int
        var prefillLayerSeconds: Double, decodeLayerSeconds: Double
        var prefillSlowdown: Double, decodeSlowdown: Double
    }

    var gemm: [GEMM] = []
    var prefill: [Prefill] = []
    var decode: [Decode] = []
    var unequalDecode: [UnequalDecode] = []
    /// Of family `decode`, which the ratios are not fitted to.
    var otherUnequalDecode: [UnequalDecode] = []
    var elementwise: [Elementwise] = []
    var allReduce: [AllReduce] = []
    var reads: [Read] = []
    var iterations: [Iteration] = []
    var parts: [PartInIteration] = []
    var coRuns: [CoRun] = []

    /// Lines by family, in the order in which families were met: read, used in a table, skipped by the benchmark.
    public struct Count: Hashable, Sendable {
        public var family: String
        public var lines = 0
        public var used = 0
        public var skipped = 0
        /// Kernel libraries with their versions, and days, in order of appearance.
        public var kernels: [String] = []
        public var dates: [String] = []
        public var device = ""
    }
    public internal(set) var counts: [Count] = []

    public init() {}

    /// Takes in a line. A line of a family that no table is made of is counted and left.
    public mutating func add(_ line: MeasurementLine) throws(InputError) {
        let family = try line.text("family")
        let index = counts.firstIndex { $0.family == family } ?? counts.count
        if index == counts.count { counts.append(Count(family: family)) }
        counts[index].lines += 1
        if line.has("skip") {
            counts[index].skipped += 1
            return
        }
        if try use(line, family: family) {
            counts[index].used += 1
            let kernel = try line.text("kernel")
            // Kernels of our own carry a number of their revision, which says nothing to a reader.
            let version = line.has("version") ? try line.text("version") : ""
            let name = version.contains(".") ? "\(kernel) \(version)" : kernel
            if !counts[index].kernels.contains(name) { counts[index].kernels.append(name) }
            let date = try line.text("date")
            if !counts[index].dates.contains(date) { counts[index].dates.append(date) }
            counts[index].device =
                "\(try line.text("device.name")), driver \(try line.text("device.driver")), "
                + "CUDA \(try line.text("device.cuda"))"
        }
    }

    /// - Returns: whether the line is part of a table.
    private mutating func use(_ line: MeasurementLine, family: String) throws(InputError) -> Bool {
        switch family {
        case "gemm", "gemm-steps":
            // The library's first choice is timed beside the tuned one; tables hold the tuned one.
            if !(try line.matches([("dtype", "bf16"), ("selection", "tuned")])) { return false }
            gemm.append(
                GEMM(
                    n: try line.count("n"), k: try line.count("k"), sms: try line.count("sms"),
                    state: try Self.state(line), m: try line.count("m"), seconds: try line.seconds()))
        case "prefill":
            let headSize = try line.count("head_dim")
            if !(try line.matches([("lengths", "equal")])) || headSize != PrefillAttentionTable.headSize {
                return false
            }
            prefill.append(
                Prefill(
                    heads: try line.count("heads"), keyValueHeads: try line.count("kv_heads"),
                    sms: try line.count("sms"), state: try Self.state(line), past: try line.count("past", atLeast: 0),
                    batch: try line.count("batch"), queries: try line.count("q_len"), seconds: try line.seconds()))
        case "decode-unequal":
            if try line.count("head_dim") != DecodeAttentionTable.headSize { return false }
            unequalDecode.append(try Self.unequal(line))
        case "decode":
            let headSize = try line.count("head_dim")
            if try line.matches([("lengths", "uniform")]), try line.number("lowest_factor") == 0 {
                otherUnequalDecode.append(try Self.unequal(line))
                return false
            }
            let isUsed = try line.matches([("lengths", "equal"), ("method", "cold")])
            if !isUsed || headSize != DecodeAttentionTable.headSize { return false }
            decode.append(
                Decode(
                    heads: try line.count("heads"), keyValueHeads: try line.count("kv_heads"),
                    sms: try line.count("sms"), batch: try line.count("batch"),
                    context: try line.count("past", atLeast: 0) + 1, seconds: try line.seconds()))
        case "elementwise":
            guard let kernel = ElementwiseTable.Kernel(rawValue: try line.text("kernel")) else { return false }
            elementwise.append(
                Elementwise(
                    kernel: kernel, width: try line.count("width"), sms: try line.count("sms"),
                    tokens: try line.count("tokens"), seconds: try line.seconds()))
        case "allreduce":
            if !(try line.matches([("mode", "graph")])) { return false }
            allReduce.append(
                AllReduce(
                    ranks: try line.count("gpus", atLeast: 2), bytes: try line.count("bytes"),
                    seconds: try line.seconds()))
        case "bandwidth":
            if !(try line.matches([("kernel", "read")])) { return false }
            reads.append(
                Read(sms: try line.count("sms"), bytes: try line.count("bytes"), seconds: try line.seconds()))
        case "iteration":
            if !(try line.matches([("mode", "graph"), ("scope", "iteration")])) { return false }
            return try useIteration(line)
        case "parts":
            if try line.matches([("state", "in_iteration")]) {
                var iteration = try Self.iteration(line, state: .sustained)
                iteration.seconds = try line.seconds("whole_us")
                parts.append(
                    PartInIteration(
                        iteration: iteration, name: try line.text("part"), count: try line.count("count"),
                        seconds: try line.seconds()))
                return true
            }
            let state = try line.text("state")
            if !(try line.matches([("part", "whole")])) || state == "course" { return false }
            if !(try line.matches([("mode", "graph")])) { return false }
            // Marks between layers lengthen a short burst; family `iteration` has those without.
            if state == PowerState.burst.rawValue, try line.seconds() <= Self.burstSeconds { return false }
            return try useIteration(line)
        case "corun", "corun-mps":
            if !(try line.matches([("kernel", "layer loops")])) { return false }
            if !(try line.matches([("scope", "layers")])) { return false }
            guard let mechanism = CoRunSurface.Mechanism(rawValue: try line.text("mechanism")) else {
                throw line.wrong("mechanism", "green, streams or mps")
            }
            let layers = Double(try line.count("layers"))
            coRuns.append(
                CoRun(
                    model: try line.text("model"), mechanism: mechanism, prefillSMs: try line.count("sms_prefill"),
                    decodeSMs: try line.count("sms_decode"), tokens: try line.count("tokens"),
                    batch: try line.count("batch"), context: try line.count("context"),
                    prefillLayerSeconds: try line.seconds("prefill_alone_us") / layers,
                    decodeLayerSeconds: try line.seconds("decode_alone_us") / layers,
                    prefillSlowdown: try line.number("prefill_slowdown"),
                    decodeSlowdown: try line.number("decode_slowdown")))
        default: return false
        }
        return true
    }

    private mutating func useIteration(_ line: MeasurementLine) throws(InputError) -> Bool {
        // At the power limit the clock swings before it settles; such samples scatter.
        if try line.number("deviation") > Self.settledDeviation { return false }
        var iteration = try Self.iteration(line, state: try Self.state(line))
        if iteration.state == .burst, iteration.seconds > Self.burstSeconds {
            // The power limit acts inside such an iteration: only its first layers are a burst.
            if !line.has("layers_ns") { return false }
            let layers = try line.numbers("layers_ns").map { $0 * 1e-9 }
            var (first, elapsed) = ([Double](), 0.0)
            for seconds in layers where elapsed < Self.topClockSeconds {
                first.append(seconds)
                elapsed += seconds
            }
            let rest = iteration.seconds - layers.reduce(0, +)
            iteration.seconds = median(first) * Double(layers.count) + rest
        }
        iterations.append(iteration)
        return true
    }

    private static func unequal(_ line: MeasurementLine) throws(InputError) -> UnequalDecode {
        UnequalDecode(
            heads: try line.count("heads"), keyValueHeads: try line.count("kv_heads"), sms: try line.count("sms"),
            batch: try line.count("batch"), context: try line.count("tokens"), seconds: try line.seconds())
    }

    private static func iteration(_ line: MeasurementLine, state: PowerState) throws(InputError) -> Iteration {
        Iteration(
            model: try line.text("model"), isDecode: try line.text("kind") == "decode", sms: try line.count("sms"),
            state: state, tokens: try line.count("tokens"), batch: try line.count("batch"),
            context: try line.count("context"), seconds: try line.seconds())
    }

    /// After how long the power limit has acted on a prompt that started at rest, and for how long it has not yet, as the
    /// times of single layers show.
    private static let burstSeconds = 0.05
    private static let topClockSeconds = 0.02

    /// The scatter of samples, relative, at which the benchmark itself stops sampling.
    private static let settledDeviation = 0.01

    private static func state(_ line: MeasurementLine) throws(InputError) -> PowerState {
        guard let state = PowerState(rawValue: try line.text("state")) else {
            throw line.wrong("state", "burst or sustained")
        }
        return state
    }
}
