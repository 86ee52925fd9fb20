internal import EventKernel
internal import Metrics

extension Simulation {
    /// Records the state of every instance at the end of the instant, and goes on as long as there is anything to see.
    mutating func sample(_ recorder: inout some Recorder, more: Bool) {
        guard let interval = configuration.sampleInterval else { return }
        for index in instances.indices {
            for lane in instances[index].lanes.indices { bookEnded(by: now, instance: index, lane: lane, &recorder) }
            recorder.record(intervalRecord(of: index))
            for lane in instances[index].lanes.indices {
                instances[index].lanes[lane].sampledBusy = instances[index].lanes[lane].busy(at: now)
            }
        }
        if more || inSystem > 0 { schedule(.sample, at: now + interval) }
    }

    private func intervalRecord(of index: Int) -> IntervalRecord {
        let instance = instances[index]
        let busy = instance.lanes.map { $0.busy(at: now) - $0.sampledBusy }
        let held = instance.lanes.map { $0.isRunning ? $0.sms : 0 }
        let isDecoder = instance.role == .decode
        return IntervalRecord(
            time: now, instance: index, waiting: instance.waiting.count, prefilling: instance.prefilling.count,
            decodeWaiting: instance.prefilled.count + instance.bridge.count, decoding: instance.decodeSet.count,
            usedBlocks: instance.memory.usedBlocks, totalBlocks: instance.memory.totalBlocks,
            prefillSMs: isDecoder ? 0 : held[0], decodeSMs: isDecoder ? held[0] : held.count > 1 ? held[1] : 0,
            prefillBusy: isDecoder ? .zero : busy[0],
            decodeBusy: isDecoder ? busy[0] : busy.count > 1 ? busy[1] : .zero)
    }
}
