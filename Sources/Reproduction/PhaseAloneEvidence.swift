internal import CostModels
internal import Workloads

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What the paper shows of one phase or one engine alone beyond the reference fits, and how close a few readings of it come:
/// which part of a single request's 19 ms holds the GPU, how long ShareGPT's outputs are, what decode costs, which part of a
/// prefill more GPUs do not shorten, how long LongBench's prompts and outputs are, and what vLLM's host takes. DistServe gives each phase GPUs of its own, so that its
/// curves are of phases alone.
struct PhaseAloneEvidence: Sendable {
    struct Candidate: Sendable {
        let name: String
        /// Of the logarithms of ours over the paper's.
        let rootMeanSquare: Double
        let isUsed: Bool
    }

    private let held: [Candidate]
    private let turns: [Candidate]
    private let sequences: [Candidate]
    private let serial: [Candidate]
    private let outputs: [Candidate]
    private let prompts: [Candidate]
    private let host: [Candidate]

    init(_ setup: Setup) {
        held = [0, 5, 10, 19].map { milliseconds in Self.held(milliseconds, setup) }
        turns = DecodeAlone.lengths.map { reading in
            Candidate(
                name: reading.name, rootMeanSquare: reading.distance(setup), isUsed: reading.isUsed)
        }
        sequences = [512, 1024].map { limit in
            let used = DecodeAlone.pulls.first { $0.isUsed }!
            return Candidate(
                name: "at most \(limit) sequences",
                rootMeanSquare: Self.rootMeanSquare(used.figure9Pairs(setup, sequences: limit)),
                isUsed: limit == Llama8BOnA100.figure9Sequences)
        }
        serial =
            [0, 0.2, 0.3, 0.4, 0.5].map { share in
                Self.parallel(
                    "\(decimal(share * 100, 0)) % of it on all GPUs alike", isUsed: share == Llama8BOnA100.serialShare,
                    setup
                ) { Llama8BOnA100.prefill(tensorParallelism: $0, serialShare: share) }
            }
            + [6, 12, 18].map { milliseconds in
                Self.parallel("\(milliseconds) ms more an iteration", isUsed: false, setup) { gpus in
                    var cost = Llama8BOnA100.prefill(tensorParallelism: gpus, serialShare: 0)
                    cost.constantSeconds += Double(milliseconds) / 1e3
                    return cost
                }
            }
        host = VLLMHostEvidence.candidates(setup)
        let used = PaperWorkload.longBench.model
        outputs = [
            [32, 32, 32, 64, 64, 64, 128, 128, 128, 512], [64, 64, 128, 128, 128, 128, 128, 512, 512, 512],
            [128, 128, 128, 128, 128, 512, 512, 512, 512, 512], [128, 128, 128, 512, 512, 512, 512, 512, 512, 512],
            [512],
        ].map { outputs in
            var model = used
            model.outputTokens = .resampled(outputs)
            let mean = Double(outputs.reduce(0, +)) / Double(outputs.count)
            return Self.longBench("\(decimal(mean, 0)) output tokens on average", model, .p90TPOT, setup)
        }
        prompts = [7.6, 7.7, 7.8, 7.9, 8].map { mu in
            var model = used
            model.promptTokens = .logNormal(mu: mu, sigma: 0.8, kept: 64...4096)
            return Self.longBench("median prompt before the cut of e^\(decimal(mu, 1)) tokens", model, .p90TTFT, setup)
        }
    }

    /// Fig. 9(c), one prefill and one decode GPU: P90 TTFT by rate per GPU, ms.
    private static let figure9 = [(2.0, 74.0), (4, 77), (6, 83), (7.5, 92), (10, 117), (12, 128), (14, 154), (16, 176)]

    private static func held(_ milliseconds: Double, _ setup: Setup) -> Candidate {
        let system = ServingSystem.distServe.priced { model in
            var model = model
            model.prefill.constantSeconds += milliseconds / 1e3
            return model
        }
        let curve = Sweep(system, .shareGPT, rates: figure9.map(\.0), setup: setup).curve(.p90TTFT)
        return Candidate(
            name: "\(decimal(milliseconds, 0)) of 19 ms",
            // Measurements have all of the 19 ms added already.
            rootMeanSquare: rootMeanSquare(figure9.map { (curve[$0.0] - milliseconds, $0.1) }),
            isUsed: milliseconds == 0)
    }

    /// Fig. 9(c) at 2 requests/s for each GPU, the lowest rate: P90 TTFT with two and four prefill GPUs, ms.
    private static let figure9AtLowestRate = [(2, 58.0), (4, 51)]

    private static func parallel(
        _ name: String, isUsed: Bool, _ setup: Setup, _ cost: (_ gpus: Int) -> AffineCostModel.PrefillCost
    ) -> Candidate {
        let pairs = figure9AtLowestRate.map { gpus, paper in
            let prefill = cost(gpus)
            let system = ServingSystem.distServe("DistServe (\(gpus),1,1,1)", prefillGPUs: gpus).priced { model in
                var model = model
                model.prefill = prefill
                return model
            }
            return (ours: Sweep(system, .shareGPT, rates: [2], setup: setup).curve(.p90TTFT)[2], paper: paper)
        }
        return Candidate(name: name, rootMeanSquare: rootMeanSquare(pairs), isUsed: isUsed)
    }

    /// Fig. 12(b), DistServe: P90 TTFT and P90 TPOT by rate, ms.
    private static let figure12b = [
        (1.0, 401.0, 29.0), (1.4, 514, 38), (2, 798, 57), (2.2, 1551, 53), (2.6, 1910, 67), (3, 4395, 84),
    ]

    private static func longBench(
        _ name: String, _ lengths: WorkloadModel, _ quantity: Quantity, _ setup: Setup
    ) -> Candidate {
        let sweep = Sweep(.distServe, .longBench, rates: figure12b.map(\.0), setup: setup, lengths: lengths)
        let curve = sweep.curve(quantity)
        return Candidate(
            name: name,
            rootMeanSquare: rootMeanSquare(figure12b.map { (curve[$0.0], quantity == .p90TTFT ? $0.1 : $0.2) }),
            isUsed: lengths == PaperWorkload.longBench.model)
    }

    static func rootMeanSquare(_ pairs: [(ours: Double, paper: Double)]) -> Double {
        let squares = pairs.map { log($0.ours / $0.paper) * log($0.ours / $0.paper) }
        return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
    }

    var text: String {
        let groups = [
            ("of a single request's time besides 0.085 ms a token, holds the GPU (Fig. 9c)", held),
            ("ShareGPT's outputs, TPOT of DistServe (Figs. 9d, 13a and medians)", turns),
            ("limit of sequences in Fig. 9(d), TPOT of DistServe", sequences),
            ("prefill on two and four GPUs, TTFT at the lowest rate (Fig. 9c)", serial),
            ("LongBench, TPOT of DistServe (Fig. 12b)", outputs), ("LongBench, TTFT of DistServe (Fig. 12b)", prompts),
            ("host time of vLLM: 8B on LongBench at 1 to 2 requests/s, 70B on ShareGPT (Figs. 12b, 12c)", host),
        ]
        var text = "| phase alone | reading | rms of ln(ours/paper) |\n|---|---|---:|\n"
        for (what, candidates) in groups {
            for candidate in candidates {
                let name = candidate.isUsed ? "**\(candidate.name)**" : candidate.name
                text += "| \(what) | \(name) | \(decimal(candidate.rootMeanSquare, 3)) |\n"
            }
        }
        return text
    }
}
