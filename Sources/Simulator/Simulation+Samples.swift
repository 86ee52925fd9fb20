internal import EventKernel
internal import Metrics

extension Simulation {
    /// Records the state of every instance at the end of the instant.
    mutating func sample(_ recorder: inout some Recorder) {
        for index in engines.indices {
            bookEnded(index, &recorder)
            recorder.record(engines[index].instance.sample(at: context.now))
        }
    }

    /// Tells the routers the loads of all instances at the end of the instant.
    mutating func reportLoads(_ recorder: inout some Recorder) {
        for index in engines.indices {
            bookEnded(index, &recorder)
            let load = load(of: index)
            entry.report(load, of: index)
            decoders.report(load, of: index)
        }
    }

    private mutating func bookEnded(_ index: Int, _ recorder: inout some Recorder) {
        for lane in engines[index].instance.lanes.indices {
            engines[index].instance.bookEnded(by: context.now, lane: lane, &context, &recorder)
        }
    }
}

extension Instance {
    fileprivate mutating func sample(at now: SimulationTime) -> IntervalRecord {
        let busy = lanes.indices.map { lanes[$0].takeBusySample(at: now) }
        let held = lanes.indices.map { lanes[$0].isRunning ? lanes[$0].sms : 0 }
        let isDecoder = role == .decode
        let undecoded = (prefilling.elements + prefilled.elements).reduce(blocksInTransfer) { $0 + requests[$1].blocks }
        return IntervalRecord(
            time: now, instance: index, waiting: waiting.count, prefilling: prefilling.count,
            decodeWaiting: prefilled.count + bridge.count, decoding: decodeSet.count, usedBlocks: memory.usedBlocks,
            totalBlocks: memory.totalBlocks, prefillBlocks: undecoded, prefillSMs: isDecoder ? 0 : held[0],
            decodeSMs: isDecoder ? held[0] : held.count > 1 ? held[1] : 0, prefillBusy: isDecoder ? .zero : busy[0],
            decodeBusy: isDecoder ? busy[0] : busy.count > 1 ? busy[1] : .zero)
    }
}
