internal import CostModels
internal import EventKernel
internal import Simulator

extension MismatchCauses {
    /// Systems at service times of their own would shift the ratios: vLLM slower by one factor.
    static func slowerVLLMGoodput(_ extent: Extent, _ shareGPT: ServingCurves, _ longBench: ServingCurves) -> String {
        let factor = 1.25
        func goodputs(_ system: ServingSystem) -> [Double] {
            let slower = system.priced { $0.slowed(by: factor) }
            return [shareGPT, longBench].flatMap { curves -> [Double] in
                let sweep = Sweep(slower, curves.workload, rates: curves.vLLMS.rates, extent: extent)
                return [Quantity.tightAttainment, .looseAttainment].map { ServingCurves.goodput(sweep, $0) }
            }
        }
        let dynamic = [
            (shareGPT.dynamicTight, Quantity.tightAttainment), (shareGPT.dynamicLoose, .looseAttainment),
            (longBench.dynamicTight, .tightAttainment), (longBench.dynamicLoose, .looseAttainment),
        ]
        .map { ServingCurves.goodput($0.0, $0.1) }
        func gain(_ system: ServingSystem) -> String {
            let ratios = zip(dynamic, goodputs(system)).map { $0 / $1 }
            return "\(decimal(ratios.reduce(0, +) / 4, 2)) (\(ratios.map { decimal($0, 2) }.joined(separator: ", ")))"
        }
        return """
            vLLM has the service times of the DistServe runtime here, for want of its own. With all of them \
            \(decimal(factor, 2)) times as long, the gain over vLLM-S is \(gain(.vLLMS(maxSequences: 256))) and that over vLLM-D \
            \(gain(.vLLMD)) on the four panels. On LongBench, where the runtime matters least beside the arithmetic of long \
            prompts, both vLLM systems reach 90 % within a tenth of the paper's rates without any factor; there it is \
            semi-PD that falls short, by its TPOT (row 7).
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
        return """
            What the controller can choose from does not differ enough. Attainment (tight) at 15.5, 16, 16.5 and 17 of partitions \
            that stay: \(all { $0 }). A cap on prefill frees SMs for decode and makes each prefill longer, and both nearly \
            cancel. The reference's rule of shares in proportion gives \(all { $0.shared(Llama8BOnA100.proportionalSharing) }): \
            there, too, no cap gains 0.2. Our (100,100) falls from 0.9 to 0.5 within 1.5 requests/s, and \
            differs between replications by as much as the paper's gap: \(spread) at these rates. The paper's curve of it \
            falls from 0.95 at 15.5 to 0.53 at 16 and rises to 0.64 at 16.5, so that its point at 16 is one draw out of such \
            a spread.
            """
    }

    /// Tensor-parallel prefill that gains less than the number of its GPUs.
    static func tensorParallelEfficiency(_ extent: Extent) -> String {
        func ttft(_ gpus: Int, _ factor: Double) -> String {
            let system = ServingSystem.distServe("DistServe (\(gpus),1,1,1)", prefillGPUs: gpus).priced { model in
                var model = model
                model.prefill.secondsPerToken *= factor
                return model
            }
            let curve = Sweep(system, .shareGPT, rates: [2, 6, 10, 16], extent: extent).curve(.p90TTFT)
            return curve.points.map { decimal($0.y.median, 0) }.joined(separator: ", ")
        }
        return """
            Four GPUs are taken to prefill four times as fast but for the all-reduces. The paper's are not: P90 TTFT at 2, 6, \
            10, 16 is \(ttft(4, 1)) ms here and 51, 86, 123, 182 there, more than with two GPUs. If four GPUs prefill 2 and \
            1.33 times as fast as one it is \(ttft(4, 2)) and \(ttft(4, 3)); with two GPUs, at full speed, \(ttft(2, 1)) (paper \
            58, 77, 112, 152). Nothing in the paper gives the efficiency of its tensor parallelism apart from this curve, so \
            none was fitted to it.
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
