/// What vLLM's host takes, from runs in which ShareGPT on Llama-3-8B, where it is judged, has no part: Llama-3-8B on LongBench
/// at rates at which it is not overloaded (Fig. 12b), and Llama-3-70B on ShareGPT (Fig. 12c), with 80 layers to launch in
/// place of 32 and a time of its own for each sequence.
enum VLLMHostEvidence {
    /// Fig. 12(b): P90 TPOT of vLLM-S and vLLM-D and P90 TTFT of vLLM-D by rate, ms.
    private static let longBench = [
        (1.0, 32.0, 32.0, 388.0), (1.2, 37, 36, 405), (1.4, 46, 45, 430), (1.6, 54, 53, 455), (1.8, 65, 69, 506),
        (2, 77, 85, 514),
    ]

    /// Fig. 12(c): P90 TPOT of vLLM-S and vLLM-D at 5.5 to 10.5, ms.
    private static let rates70B = (11...21).map { Double($0) / 2 }
    private static let chunked70B = [111.0, 134, 154, 180, 219, 252, 285, 311, 318, 318, 324]
    private static let whole70B = [286.0, 468, 639, 717, 750, 770, 816, 973, 1_012, 1_045, 1_025]

    /// The best for each time to launch a layer, with fewer seeds than elsewhere, as there are hundreds of points.
    static func candidates(_ setup: Setup) -> [PhaseAloneEvidence.Candidate] {
        [0, 0.4e-3, 0.5e-3, 0.6e-3, 0.7e-3, 0.8e-3, 0.9e-3].map { launch in
            [5e-3, 6e-3, 7e-3].map { candidate(seconds: $0, launchSeconds: launch, setup) }
                .min { $0.rootMeanSquare < $1.rootMeanSquare }!
        }
    }

    private typealias Pairs = [(ours: Double, paper: Double)]

    /// With the best times for each sequence.
    private static func candidate(
        seconds: Double, launchSeconds: Double, _ setup: Setup
    ) -> PhaseAloneEvidence.Candidate {
        func best(_ grid: [Double], _ pairs: (VLLMHost) -> Pairs) -> (host: VLLMHost, pairs: Pairs) {
            grid.map { perSequence in
                let host = VLLMHost(
                    seconds: seconds, secondsPerSequence: perSequence, launchSecondsPerLayer: launchSeconds)
                return (host: host, pairs: pairs(host))
            }
            .min { PhaseAloneEvidence.rootMeanSquare($0.pairs) < PhaseAloneEvidence.rootMeanSquare($1.pairs) }!
        }
        let eight = best([0.24e-3, 0.26e-3, 0.28e-3, 0.3e-3, 0.32e-3]) {
            longBenchPairs($0, setup.with(shareOfSeeds: 3))
        }
        let seventy = best([0.16e-3, 0.2e-3, 0.24e-3, 0.28e-3]) { pairs70B($0, setup.with(shareOfSeeds: 6)) }
        return PhaseAloneEvidence.Candidate(
            name:
                "\(decimal(launchSeconds * 1e3, 1)) ms to launch a layer; \(decimal(seconds * 1e3, 0)) ms an iteration, "
                + "\(decimal(eight.host.secondsPerSequence * 1e3, 2)) ms a sequence (70B: "
                + "\(decimal(seventy.host.secondsPerSequence * 1e3, 2))); 8B alone "
                + "\(decimal(PhaseAloneEvidence.rootMeanSquare(eight.pairs), 3))",
            rootMeanSquare: PhaseAloneEvidence.rootMeanSquare(eight.pairs + seventy.pairs),
            isUsed: eight.host == Llama8BOnA100.vLLM)
    }

    private static func longBenchPairs(_ host: VLLMHost, _ setup: Setup) -> Pairs {
        func sweep(_ system: ServingSystem) -> Sweep {
            let system = system.priced { _ in Llama8BOnA100.vLLMCosts(host) }
            return Sweep(system, .longBench, rates: longBench.map(\.0), setup: setup)
        }
        let whole = sweep(.vLLMD(maxSequences: 2048))
        let (chunkedTPOT, tpot, ttft) = (
            sweep(.vLLMS(maxSequences: 256)).curve(.p90TPOT), whole.curve(.p90TPOT), whole.curve(.p90TTFT)
        )
        return longBench.flatMap { [(chunkedTPOT[$0.0], $0.1), (tpot[$0.0], $0.2), (ttft[$0.0], $0.3)] }
    }

    private static func pairs70B(_ host: VLLMHost, _ setup: Setup) -> Pairs {
        func pairs(_ system: ServingSystem, _ paper: [Double]) -> Pairs {
            let system = system.priced { _ in Llama70BOnA100.vLLMCosts(host) }
            let curve = Sweep(system, .shareGPT, rates: rates70B, setup: setup).curve(.p90TPOT)
            return zip(rates70B, paper).map { (curve[$0], $1) }
        }
        // The notes' limits: 70B runs as if with the stated 512, and vLLM-D as with 8B.
        return pairs(ServingSystem.vLLMS(maxSequences: 512).of70B, chunked70B)
            + pairs(ServingSystem.vLLMD(maxSequences: 2048).of70B, whole70B)
    }
}

extension Setup {
    /// One in so many.
    fileprivate func with(shareOfSeeds divisor: Int) -> Setup {
        var setup = self
        setup.replications = max(1, replications / divisor)
        return setup
    }
}
