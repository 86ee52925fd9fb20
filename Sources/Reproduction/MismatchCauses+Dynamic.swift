internal import CostModels
internal import EventKernel
internal import Simulator

extension MismatchCauses {
    /// What eviction and the limit of sequences have to do with the height of the explosion.
    static func memoryShortage(_ extent: Extent, _ shareGPT: ServingCurves) -> String {
        let rates = [13.0, 15, 16, 17]
        let pool = Llama8BOnA100.Pool.smallGPU
        func tpot(_ change: (inout PoolConfiguration) -> Void) -> String {
            let system = ServingSystem.distServe("DistServe, 40 GB", prefillGPUs: 1, gibibytes: (pool, pool))
                .changingPools(change)
            let curve = Sweep(system, .shareGPT, rates: rates, extent: extent).curve(.p90TPOT)
            return rates.map { decimal(curve[$0], 0) }.joined(separator: ", ")
        }
        let ideal = shareGPT.semiPD.curve(.p90TPOT)
        return """
            "Ideal storage" is not defined; it is taken to be unified storage, which was seen in its curve (116, 139, 161 ms at \
            13, 15, 17, semi-PD in Fig. 12(a): 119, 135, 179) and not known before. P90 TPOT of real storage at 13, 15, 16, 17 \
            is \(tpot { _ in }) ms here (paper 232, 393, 482, 712), of unified \(rates.map { decimal(ideal[$0], 0) }.joined(separator: ", ")), \
            which at 13 is \(decimal(ideal[13] / 116, 2)) of the paper's: decode beside prompts is too fast at middling rates (row 8). \
            With requests computed again instead of swapped: \(tpot { $0.decodePolicy = FCFSDecodePolicy() }); with 1024 sequences, as in \
            the released example, instead of 512: \(tpot { $0.limits.maxSequences = 1024 }). With copies \
            to host memory and back that cost nothing, instead of PCIe at 25 GB/s: \(tpot { $0.memory.host = nil }); block by \
            block, as the paper's engine copies them, they would cost more: at 5 GB/s \
            \(tpot { $0.memory.host?.secondsPerBlock *= 5 }), at 1 GB/s \(tpot { $0.memory.host?.secondsPerBlock *= 25 }).
            """
    }

    /// Which system and which panel keep the means out of tolerance, and what vLLM's own host times change.
    static func goodputByParts(_ extent: Extent, _ shareGPT: ServingCurves, _ longBench: ServingCurves) -> String {
        let dynamic = [
            (shareGPT.dynamicTight, Quantity.tightAttainment), (shareGPT.dynamicLoose, .looseAttainment),
            (longBench.dynamicTight, .tightAttainment), (longBench.dynamicLoose, .looseAttainment),
        ]
        .map { ServingCurves.goodput($0.0, $0.1) }
        func gain(_ system: ServingSystem) -> String {
            let goodputs = [shareGPT, longBench].flatMap { curves -> [Double] in
                let sweep = Sweep(system, curves.workload, rates: curves.vLLMS.rates, extent: extent)
                return [Quantity.tightAttainment, .looseAttainment].map { ServingCurves.goodput(sweep, $0) }
            }
            let ratios = zip(dynamic, goodputs).map { $0 / $1 }
            return "\(decimal(ratios.reduce(0, +) / 4, 2)) (\(ratios.map { decimal($0, 2) }.joined(separator: ", ")))"
        }
        let tpot = longBench.semiPD.curve(.p90TPOT)
        return """
            On the four panels the gain over DistServe is \(gain(.distServe)) (paper 1.59, 1.65, 1.21, 1.17). With the service times \
            of the DistServe runtime vLLM-S would be behind by \(gain(ServingSystem.vLLMS(maxSequences: 256).priced { _ in Llama8BOnA100.costs() })) \
            and vLLM-D by \(gain(ServingSystem.vLLMD(maxSequences: 2048).priced { _ in Llama8BOnA100.costs() })). Semi-PD falls \
            short on LongBench: its P90 TPOT at 3 passes the tight 130 ms here (\(decimal(tpot[3], 0)) ms) as it does in Fig. 12(b) \
            (147 ms), while Fig. 15(b) has 0.95 within both limits: the paper's two figures are of different runs.
            """
    }

    /// What any partition could gain at the knee, under the rule in use and under shares in proportion.
    static func staticPartitions(_ extent: Extent, _ shareGPT: ServingCurves) -> String {
        let rates = [15.5, 16, 16.5, 17]
        func attainments(_ percent: (Int, Int), _ change: (AffineCostModel) -> any CostModel) -> String {
            let system = ServingSystem.semiPD(prefill: percent.0, decode: percent.1).priced(change)
            let curve = Sweep(system, .shareGPT, rates: rates, extent: extent).curve(.tightAttainment)
            return rates.map { decimal(curve[$0], 2) }.joined(separator: ", ")
        }
        func all(_ change: (AffineCostModel) -> any CostModel) -> String {
            [(100, 100), (90, 100), (80, 100), (60, 100)].map { "(\($0.0),\($0.1)) \(attainments($0, change))" }
                .joined(separator: "; ")
        }
        let knee = shareGPT.semiPD.curve(.tightAttainment)
        let spread = rates.compactMap { rate in knee.points.first { $0.x == rate } }
            .map { "\(decimal($0.y.low, 2)) to \(decimal($0.y.high, 2))" }.joined(separator: ", ")
        let proportional = all { $0.shared(Llama8BOnA100.proportionalSharing) }
        return """
            What the controller can choose from does not help. Attainment (tight) at 15.5, 16, 16.5 and 17 of partitions \
            that stay: \(all { $0 }). Beside a cap on prefill decode takes less time, and takes more from the prompts than it \
            gains. The reference's rule of shares in proportion gives \(proportional): there, too, no cap gains 0.2. Replications of \
            (100,100) range over \(spread) at these rates. The paper's curve of it falls from 0.95 at 15.5 to 0.53 at 16 and \
            rises to 0.64 at 16.5: single runs that scatter. Where ours has fallen as far, at 17 to 18, no partition that stays \
            gains more than the table at the end of this page shows.
            """
    }
}

extension AffineCostModel {
    fileprivate func shared(_ sharing: Sharing) -> AffineCostModel {
        var model = self
        model.sharing = sharing
        return model
    }
}
