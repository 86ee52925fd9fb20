internal import DequeModule
internal import EventKernel

/// A prompt that waits on its prefill instance for a decode instance to pull it.
struct BridgeEntry: Sendable {
    var source: Int
    var slot: Int32
    var blocks: Int
    /// When, and for how long before that its layers could be pushed.
    var offered = SimulationTime.zero
    var pushTime = SimulationDuration.zero
}

/// Prompt KV on its way from one instance to another.
struct Transfer: Sendable {
    var offer: BridgeEntry
    var destination: Int
    var requested: SimulationTime
    var started = SimulationTime.never
    /// What is left of the time that it takes alone on its links, in 2⁻¹⁰ ns, as of `since`.
    fileprivate var remaining: Int64
    fileprivate var since = SimulationTime.zero
    /// Transfers that the busier of its links carries, itself among them.
    fileprivate var sharers: Int64 = 1
    fileprivate(set) var finish = SimulationTime.never

    init(offer: BridgeEntry, to destination: Int, requested: SimulationTime, alone: SimulationDuration) {
        self.offer = offer
        self.destination = destination
        self.requested = requested
        remaining = alone.nanoseconds << 10
    }

    /// Goes on as one of `sharers` from now.
    fileprivate mutating func share(among sharers: Int64, at now: SimulationTime) {
        remaining = max(0, remaining - ((now - since).nanoseconds << 10) / self.sharers)
        since = now
        self.sharers = sharers
        finish = now + SimulationDuration(nanoseconds: (remaining * sharers + 1023) >> 10)
    }

    fileprivate mutating func stretch(by factor: Double, at now: SimulationTime) {
        let isMoving = finish != .never
        if isMoving { share(among: sharers, at: now) }
        remaining = Int64((Double(remaining) * factor).rounded(.up))
        if isMoving { share(among: sharers, at: now) }
    }
}

/// The links that KV travels over: one out of each source, one into each destination, all alike. Transfers that are on a
/// link at the same time divide its bandwidth evenly; a transfer goes as fast as the busier of its two links lets it. A
/// destination takes in so many at a time, the others wait in the order in which they were requested.
struct TransferFabric: Sendable {
    private let lanes: Int
    /// Into each instance: those on their way first, then those that wait.
    private var inbound: ContiguousArray<Deque<Transfer>>
    private var moving: ContiguousArray<Int>
    /// Destinations of what is on its way out of each instance.
    private var outbound: ContiguousArray<ContiguousArray<Int>>

    /// - Parameter lanes: Transfers that a destination takes in at a time.
    init(instances: Int, lanes: Int) {
        self.lanes = lanes
        inbound = ContiguousArray(repeating: [], count: instances)
        moving = ContiguousArray(repeating: 0, count: instances)
        outbound = ContiguousArray(repeating: [], count: instances)
    }

    /// When the next transfer into an instance is done, as things stand.
    func earliestFinish(into destination: Int) -> SimulationTime {
        inbound[destination].prefix(moving[destination]).reduce(.never) { min($0, $1.finish) }
    }

    /// Returns the destinations whose earliest finish may have changed.
    mutating func request(_ transfer: Transfer, at now: SimulationTime) -> ContiguousArray<Int> {
        inbound[transfer.destination].append(transfer)
        return startNext(into: transfer.destination, at: now)
    }

    /// Takes out the first transfer that is done by now, and the destinations whose earliest finish may have changed.
    mutating func finish(
        into destination: Int, at now: SimulationTime
    ) -> (transfer: Transfer, changed: ContiguousArray<Int>) {
        guard let position = inbound[destination].prefix(moving[destination]).firstIndex(where: { $0.finish <= now })
        else { preconditionFailure("no transfer into instance \(destination) is done at \(now)") }
        let transfer = inbound[destination].remove(at: position)
        moving[destination] -= 1
        let source = transfer.offer.source
        if let place = outbound[source].firstIndex(of: destination) { outbound[source].remove(at: place) }
        var changed = reshare(source: source, destination: destination, at: now)
        for other in startNext(into: destination, at: now) where !changed.contains(other) { changed.append(other) }
        return (transfer, changed)
    }

    /// Takes out all transfers that meet a condition, on their way or waiting; the others go on with what this leaves them.
    mutating func cancel(_ isCancelled: (Transfer) -> Bool, at now: SimulationTime) -> [Transfer] {
        var cancelled: [Transfer] = []
        for destination in inbound.indices where inbound[destination].contains(where: isCancelled) {
            let (all, wereMoving) = (inbound[destination], moving[destination])
            (inbound[destination], moving[destination]) = ([], 0)
            for (position, transfer) in all.enumerated() {
                if !isCancelled(transfer) {
                    inbound[destination].append(transfer)
                    if position < wereMoving { moving[destination] += 1 }
                    continue
                }
                cancelled.append(transfer)
                let source = transfer.offer.source
                if position < wereMoving, let place = outbound[source].firstIndex(of: destination) {
                    outbound[source].remove(at: place)
                }
            }
        }
        for destination in inbound.indices {
            while !startNext(into: destination, at: now).isEmpty {}
            divide(into: destination, at: now)
        }
        return cancelled
    }

    /// All links have a bandwidth from now on at which what is left takes `factor` times as long.
    mutating func stretch(by factor: Double, at now: SimulationTime) {
        for destination in inbound.indices {
            for position in inbound[destination].indices {
                inbound[destination][position].stretch(by: factor, at: now)
            }
        }
    }

    private mutating func startNext(into destination: Int, at now: SimulationTime) -> ContiguousArray<Int> {
        let position = moving[destination]
        guard position < lanes, position < inbound[destination].count else { return [] }
        let source = inbound[destination][position].offer.source
        inbound[destination][position].started = now
        inbound[destination][position].since = now
        moving[destination] += 1
        outbound[source].append(destination)
        return reshare(source: source, destination: destination, at: now)
    }

    /// Divides the bandwidth of both links anew among what they carry. Returns the destinations concerned.
    private mutating func reshare(
        source: Int, destination: Int, at now: SimulationTime
    ) -> ContiguousArray<Int> {
        var changed: ContiguousArray = [destination]
        for other in outbound[source] where !changed.contains(other) { changed.append(other) }
        for target in changed { divide(into: target, at: now) }
        return changed
    }

    private mutating func divide(into destination: Int, at now: SimulationTime) {
        for position in 0..<moving[destination] {
            let out = outbound[inbound[destination][position].offer.source].count
            let sharers = Int64(max(out, moving[destination]))
            if inbound[destination][position].sharers != sharers || inbound[destination][position].finish == .never {
                inbound[destination][position].share(among: sharers, at: now)
            }
        }
    }
}
