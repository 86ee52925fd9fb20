internal import DequeModule
internal import EventKernel
internal import Metrics

/// An instance on its way from one pool to another.
struct InstanceFlip: Sendable {
    let instance: Int
    let pool: Int
    let restart: SimulationDuration
    /// When it is up again; `nil` while it drains.
    var ready: SimulationTime?
}

// Flips between prefill and decode: an instance takes no more requests, serves those that it has, and starts anew in the
// other role. What is pinned for a transfer or waits to be pulled counts among them.

extension Simulation {
    mutating func beginFlip(of index: Int, to pool: Int, restart: SimulationDuration) {
        guard engines[index].pool != pool, !flips.contains(where: { $0.instance == index }) else { return }
        flips.append(InstanceFlip(instance: index, pool: pool, restart: restart))
        entry.setUp(false, index)
        decoders.setUp(false, index)
        touch(index)
    }

    /// Takes down an instance that drains and has nothing left.
    mutating func stopIfDrained(_ index: Int) {
        guard let position = flips.firstIndex(where: { $0.instance == index && $0.ready == nil }),
            engines[index].instance.outstanding == 0
        else { return }
        isDown[index] = true
        let ready = context.now + flips[position].restart
        flips[position].ready = ready
        if let timer = engines[index].controlTimer { context.timers.set(timer, to: ready) }
    }

    /// Brings an instance up in its new role if it is time.
    mutating func startIfRestarted(_ index: Int, _ recorder: inout some Recorder) {
        guard let position = flips.firstIndex(where: { $0.instance == index && $0.ready == context.now }) else {
            return
        }
        let before = configuration.pools[engines[index].pool]
        formerRecords.append(engines[index].instance.record(pool: before, at: context.now))
        let flip = flips.remove(at: position)
        var pool = configuration.pools[flip.pool]
        pool.costModel = pool.costModel.shared
        let (laneTimer, linkTimer) = (engines[index].laneTimer, engines[index].linkTimer)
        let controlTimer = engines[index].controlTimer
        engines[index] = Engine(
            index: index, pool: flip.pool, laneTimer: laneTimer, pipeline: nil, pool, transfer: configuration.transfer)
        (engines[index].linkTimer, engines[index].controlTimer) = (linkTimer, controlTimer)
        cachePrefixes(in: index)
        comeUp(index, &recorder)
    }

    /// Adds what instances did in the roles that they had before.
    func addingFormer(to records: [InstanceRecord]) -> [InstanceRecord] {
        var records = records
        for former in formerRecords {
            records[former.instance].prefillBusy += former.prefillBusy
            records[former.instance].decodeBusy += former.decodeBusy
            records[former.instance].prefillIterations += former.prefillIterations
            records[former.instance].decodeIterations += former.decodeIterations
            records[former.instance].preemptions += former.preemptions
            for phase in [\InstanceRecord.prefillStarvation, \.decodeStarvation] {
                guard let starvation = former[keyPath: phase] else { continue }
                var sum = records[former.instance][keyPath: phase] ?? StarvationRecord()
                sum += starvation
                records[former.instance][keyPath: phase] = sum
            }
            guard let cache = former.prefixCache else { continue }
            records[former.instance].prefixCache = (records[former.instance].prefixCache ?? .init()) + cache
        }
        return records
    }
}
