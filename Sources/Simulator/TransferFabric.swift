internal import EventKernel

/// A prompt that waits on its prefill instance for a decode instance to pull it.
struct BridgeEntry: Sendable, BitwiseCopyable {
    var source: Int
    var slot: Int32
    var blocks: Int
    /// When, and for how long before that its layers could be pushed.
    var offered = SimulationTime.zero
    var pushTime = SimulationDuration.zero
}

/// Prompt KV on its way from one instance to another.
struct Transfer: Sendable, BitwiseCopyable {
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
        let passed = (now - since).nanoseconds << 10
        // Mostly it was alone; a division takes a while.
        remaining = max(0, remaining - (self.sharers == 1 ? passed : passed / self.sharers))
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
struct TransferFabric: ~Copyable, Sendable {
    private let lanes: Int
    /// Into each instance: those on their way first, then those that wait.
    private var inbound = UniqueBuffer<UniqueQueue<Transfer>>()
    private var moving: UniqueBuffer<Int>
    /// Destinations of what is on its way out of each instance.
    private var outbound = UniqueBuffer<UniqueQueue<Int>>()
    /// Destinations whose earliest finish the latest request or finish may have changed.
    private(set) var changed = UniqueBuffer<Int>()

    /// - Parameter lanes: Transfers that a destination takes in at a time.
    init(instances: Int, lanes: Int) {
        self.lanes = lanes
        for _ in 0..<instances {
            inbound.append(UniqueQueue())
            outbound.append(UniqueQueue())
        }
        moving = UniqueBuffer(repeating: 0, count: instances)
    }

    /// When the next transfer into an instance is done, as things stand. Mutating although it changes nothing.
    @inline(__always)
    mutating func earliestFinish(into destination: Int) -> SimulationTime {
        switch moving[destination] {
        case 0: .never
        case 1: inbound[known: destination][0].finish
        default: earliestOfSeveral(into: destination)
        }
    }

    @inline(never)
    private mutating func earliestOfSeveral(into destination: Int) -> SimulationTime {
        var earliest = SimulationTime.never
        for position in 0..<moving[destination] { earliest = min(earliest, inbound[destination][position].finish) }
        return earliest
    }

    mutating func request(_ transfer: Transfer, at now: SimulationTime) {
        changed.removeAll()
        inbound[transfer.destination].append(transfer)
        _ = startNext(into: transfer.destination, at: now)
    }

    /// Takes out the first transfer that is done by now.
    mutating func finish(into destination: Int, at now: SimulationTime) -> Transfer {
        changed.removeAll()
        var position = 0
        while position < moving[destination], inbound[destination][position].finish > now { position += 1 }
        precondition(position < moving[destination], "no transfer into instance \(destination) is done at \(now)")
        let transfer = position == 0 ? inbound[destination].removeFirst() : inbound[destination].remove(at: position)
        moving[destination] -= 1
        let source = transfer.offer.source
        if outbound[source].first == destination {
            outbound[source].removeFirst()
        } else if let place = outbound[source].firstIndex(of: destination) {
            outbound[source].remove(at: place)
        }
        reshare(source: source, destination: destination, at: now)
        if !inbound[destination].isEmpty { _ = startNext(into: destination, at: now) }
        return transfer
    }

    /// Takes out all transfers that meet a condition, on their way or waiting; the others go on with what this leaves them.
    mutating func cancel(_ isCancelled: (Transfer) -> Bool, at now: SimulationTime) -> [Transfer] {
        var cancelled: [Transfer] = []
        for destination in inbound.indices {
            let (all, wereMoving) = (inbound[destination].elements, moving[destination])
            guard all.contains(where: isCancelled) else { continue }
            inbound[destination].removeAll()
            moving[destination] = 0
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
            while startNext(into: destination, at: now) {}
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

    /// Returns whether a transfer waited and there was a lane for it.
    private mutating func startNext(into destination: Int, at now: SimulationTime) -> Bool {
        let position = moving[destination]
        guard position < lanes, position < inbound[destination].count else { return false }
        let source = inbound[destination][position].offer.source
        inbound[destination][position].started = now
        inbound[destination][position].since = now
        moving[destination] += 1
        outbound[source].append(destination)
        reshare(source: source, destination: destination, at: now)
        return true
    }

    /// Divides the bandwidth of both links anew among what they carry.
    @inline(__always)
    private mutating func reshare(source: Int, destination: Int, at now: SimulationTime) {
        let (out, into) = (outbound[source].count, moving[destination])
        if out == 0, into == 0 {
            changed.append(destination)
        } else if out == 1, into == 1, inbound[destination][0].offer.source == source {
            // The one is the other.
            changed.append(destination)
            inbound[destination][0].share(among: 1, at: now)
        } else {
            divide(source: source, destination: destination, at: now)
        }
    }

    @inline(never)
    private mutating func divide(source: Int, destination: Int, at now: SimulationTime) {
        divide(into: destination, at: now)
        for position in outbound[source].indices where outbound[source][position] != destination {
            divide(into: outbound[source][position], at: now)
        }
    }

    private mutating func divide(into destination: Int, at now: SimulationTime) {
        if !changed.indices.contains(where: { changed[$0] == destination }) { changed.append(destination) }
        for position in 0..<moving[destination] {
            let out = outbound[inbound[destination][position].offer.source].count
            let sharers = Int64(max(out, moving[destination]))
            if inbound[destination][position].sharers != sharers || inbound[destination][position].finish == .never {
                inbound[destination][position].share(among: sharers, at: now)
            }
        }
    }
}
