internal import CostModels
internal import Simulator
internal import Workloads

/// A reading of decode alone, as DistServe runs it: the cost of an iteration, what a pull of a prompt's KV costs and whether
/// decode waits for it, and how long ShareGPT's outputs are.
struct DecodeAlone: Sendable {
    private var pull: TransferConfiguration
    private let pullName: String
    private(set) var constantMilliseconds: Double
    private(set) var millisecondsPerSequence: Double
    /// Lengths of outputs other than those in use, with a name.
    private var outputs: (name: String, tokens: LengthDistribution)?

    init(
        pulling milliseconds: Int64, pausesDecode: Bool = true, _ constantMilliseconds: Double,
        _ millisecondsPerSequence: Double
    ) {
        pull = Llama8BOnA100.transfer(milliseconds: milliseconds, pausesDecode: pausesDecode)
        pullName =
            pausesDecode ? "waits for pulls of \(milliseconds) ms" : "does not wait for pulls of \(milliseconds) ms"
        self.constantMilliseconds = constantMilliseconds
        self.millisecondsPerSequence = millisecondsPerSequence
    }

    func with(_ name: String, _ tokens: LengthDistribution) -> Self {
        var reading = self
        reading.outputs = (name, tokens)
        return reading
    }

    /// The same pull and outputs at another cost of decode.
    func costing(_ constantMilliseconds: Double, _ millisecondsPerSequence: Double) -> Self {
        var reading = self
        (reading.constantMilliseconds, reading.millisecondsPerSequence) = (
            constantMilliseconds, millisecondsPerSequence
        )
        return reading
    }

    private var decode: AffineCostModel.DecodeCost {
        Llama8BOnA100.decode(
            constantMilliseconds: constantMilliseconds, millisecondsPerSequence: millisecondsPerSequence)
    }

    /// Of the pull and the outputs.
    var kind: String { (outputs.map { "outputs of \($0.name); " } ?? "") + pullName }

    var name: String {
        "\(kind), \(decimal(constantMilliseconds, 0)) ms + \(decimal(millisecondsPerSequence, 2)) ms a sequence"
    }

    var isUsed: Bool { pull == Llama8BOnA100.transfer && decode == Llama8BOnA100.decode && outputs == nil }

    /// A system with this decode, and with these pulls if it has any.
    func applied(to system: ServingSystem) -> ServingSystem {
        let priced = system.priced { model in
            var model = model
            model.decode = decode
            return model
        }
        return system.groups > 1 ? priced.transferring(pull) : priced
    }

    /// Fig. 9(d), one prefill and one decode GPU: P90 TPOT by rate per GPU, ms. The rate of 6 is left for row 13.
    private static let figure9 = [
        (2.0, 24.0), (2.5, 27), (3, 28), (4, 34), (5, 43), (7.5, 72), (10, 120), (12, 165), (14, 209), (16, 224),
    ]

    /// P50 TPOT, which the paper's file holds but does not show, and P99 TPOT (Fig. 13a) at 10.5 to 16.5, ms. P90 is left for
    /// row 3.
    private static let medians = [108.0, 128, 132, 131, 136, 141, 143, 145, 145, 145, 148, 149, 149]
    private static let tails = [154.0, 705, 1_051, 978, 1_527, 1_965, 2_538, 2_582, 2_740, 2_870, 2_912, 3_934, 4_202]

    /// - Parameter sequences: The limit of the engine in Fig. 9(d); elsewhere it is the stated one.
    func figure9Pairs(_ setup: Setup, sequences: Int = Llama8BOnA100.figure9Sequences) -> [(
        ours: Double, paper: Double
    )] {
        let system = applied(to: .distServe).changingPools { $0.limits.maxSequences = sequences }
        let curve = Sweep(system, .shareGPT, rates: Self.figure9.map(\.0), setup: setup, lengths: lengths)
            .curve(.p90TPOT)
        return Self.figure9.map { (curve[$0.0], $0.1) }
    }

    /// How far all these readings are from the paper's: rms of the logarithm of their ratio.
    func distance(_ setup: Setup) -> Double {
        let rates = Array(ClientArrivals.rates.prefix(Self.medians.count))
        let sweep = Sweep(
            applied(to: .distServe), .shareGPT, rates: rates, setup: setup, lengths: lengths, arrivals: .paper)
        let (median, tail) = (sweep.curve(.p50TPOT), sweep.curve(.p99TPOT))
        return PhaseAloneEvidence.rootMeanSquare(
            figure9Pairs(setup) + zip(rates, Self.medians).map { (median[$0], $1) }
                + zip(rates, Self.tails).map { (tail[$0], $1) })
    }

    private var lengths: WorkloadModel? {
        guard let outputs else { return nil }
        var model = PaperWorkload.shareGPT.model
        model.outputTokens = outputs.tokens
        return model
    }

    /// The cost of decode closest to the paper, for pulls of several lengths: the best points of `DecodeGrid`.
    static let pulls = [
        DecodeAlone(pulling: 10, pausesDecode: false, 17, 0.27), DecodeAlone(pulling: 5, 18, 0.23),
        DecodeAlone(pulling: 7, 20, 0.21), DecodeAlone(pulling: 8, 18, 0.21),
        DecodeAlone(pulling: 10, 19, 0.19), DecodeAlone(pulling: 12, 18, 0.18),
    ]

    /// The same for outputs of several lengths, all with a mean of 200 tokens, and a pull of 5 or 10 ms.
    static let lengths = [
        DecodeAlone(pulling: 5, 16, 0.26).with("a lognormal", logNormal),
        DecodeAlone(pulling: 10, 18, 0.22).with("a lognormal", logNormal),
        DecodeAlone(pulling: 10, 17, 0.22).turns(0.4), DecodeAlone(pulling: 5, 18, 0.24).turns(0.5),
        DecodeAlone(pulling: 5, 18, 0.23).turns(0.6), DecodeAlone(pulling: 5, 19, 0.22).turns(0.7),
        DecodeAlone(pulling: 10, 19, 0.18).turns(0.8), DecodeAlone(pulling: 5, 20, 0.21).turns(1),
    ]

    /// What earlier versions had: sigma of 1, cut at 800.
    private static let logNormal = LengthDistribution.logNormal(mu: 5.0509, sigma: 1, kept: 4...800)

    private func turns(_ replies: Double) -> Self {
        with("which \(decimal(replies * 100, 0)) % are replies", .shareGPTTurns(replies: replies, mean: 200))
    }
}
