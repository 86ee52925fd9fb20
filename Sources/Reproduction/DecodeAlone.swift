internal import CostModels
internal import Simulator

/// A reading of Fig. 9(d), decode alone: the cost of an iteration, what a pull of a prompt's KV costs and whether decode waits
/// for it, and how many sequences the engine was allowed.
struct DecodeAlone: Sendable {
    var pull: TransferConfiguration
    var pullName: String
    var constantMilliseconds: Double
    var millisecondsPerSequence: Double
    var sequences: Int

    init(
        pulling milliseconds: Int64, pausesDecode: Bool = true, _ constantMilliseconds: Double,
        _ millisecondsPerSequence: Double, sequences: Int = Llama8BOnA100.figure9Sequences
    ) {
        pull = Llama8BOnA100.transfer(milliseconds: milliseconds, pausesDecode: pausesDecode)
        pullName =
            pausesDecode ? "waits for pulls of \(milliseconds) ms" : "does not wait for pulls of \(milliseconds) ms"
        self.constantMilliseconds = constantMilliseconds
        self.millisecondsPerSequence = millisecondsPerSequence
        self.sequences = sequences
    }

    var decode: AffineCostModel.DecodeCost {
        Llama8BOnA100.decode(
            constantMilliseconds: constantMilliseconds, millisecondsPerSequence: millisecondsPerSequence)
    }

    var name: String {
        "\(pullName), \(decimal(constantMilliseconds, 1)) ms + \(decimal(millisecondsPerSequence, 3)) ms a sequence, up to \(sequences)"
    }

    var isUsed: Bool {
        pull == Llama8BOnA100.transfer && decode == Llama8BOnA100.decode && sequences == Llama8BOnA100.figure9Sequences
    }

    /// A system with this decode, and with these pulls if it has any.
    func applied(to system: ServingSystem) -> ServingSystem {
        let priced = system.priced { model in
            var model = model
            model.decode = decode
            return model
        }
        return system.groups > 1 ? priced.transferring(pull) : priced
    }

    /// One prefill and one decode GPU: P90 TPOT by rate per GPU, ms. The rate of 6 is left for row 13.
    static let figure9 = [
        (2.0, 24.0), (2.5, 27), (3, 28), (4, 34), (5, 43), (7.5, 72), (10, 120), (12, 165), (14, 209), (16, 224),
    ]

    func candidate(_ setup: Setup) -> PhaseAloneEvidence.Candidate {
        let system = applied(to: .distServe).changingPools { $0.limits.maxSequences = sequences }
        let curve = Sweep(system, .shareGPT, rates: Self.figure9.map(\.0), setup: setup).curve(.p90TPOT)
        return PhaseAloneEvidence.Candidate(
            name: name,
            rootMeanSquare: PhaseAloneEvidence.rootMeanSquare(Self.figure9.map { (curve[$0.0], $0.1) }), isUsed: isUsed)
    }
}

extension PhaseAloneEvidence {
    /// The notes' fit by a formula, the best fits by simulation for pulls of several lengths, and the one in use with the
    /// stated limit of sequences.
    static let decodes = [
        DecodeAlone(pulling: 10, pausesDecode: false, 22.7, 0.208, sequences: 512),
        DecodeAlone(pulling: 10, pausesDecode: false, 22.7, 0.208),
        DecodeAlone(pulling: 10, pausesDecode: false, 19, 0.24),
        DecodeAlone(pulling: 5, 20, 0.2),
        DecodeAlone(pulling: 10, 20, 0.17),
        DecodeAlone(pulling: 20, 20, 0.11),
        DecodeAlone(pulling: 5, 20, 0.2, sequences: 512),
    ]
}
