public import EventKernel

extension Trace {
    /// The first `count` requests, or all if there are fewer. O(count).
    public func prefix(_ count: Int) -> Trace {
        precondition(count >= 0, "no first \(count) requests")
        var trace = changed(
            "first \(count) requests", Array(requests.prefix(count)),
            blockHashes?.selecting(requests.indices.prefix(count)))
        trace.followUps = followUps.map { Array($0.prefix(count)) }
        return trace
    }

    /// The requests that arrive at `start` or later and before `end`, with arrivals counted from `start`. O(n).
    public func window(from start: SimulationTime, to end: SimulationTime) -> Trace {
        precondition(start <= end, "window from \(start.nanoseconds) ns to \(end.nanoseconds) ns")
        var kept = requests.filter { $0.arrival >= start && $0.arrival < end }
        let blocks = blockHashes?.selecting(kept.map(\.index))
        for index in kept.indices {
            kept[index].index = index
            kept[index].arrival = .zero + (kept[index].arrival - start)
        }
        let last = end == .never ? "on" : "to \(end.seconds) s"
        return changed("arrivals from \(start.seconds) s \(last)", kept, blocks)
    }

    /// The same requests at another mean rate, in requests per second as `rate` counts them; `nil` for a trace that
    /// has no rate because all its requests arrive at once.
    ///
    /// All times are multiplied by one ratio of two whole numbers of nanoseconds and rounded down, so that order
    /// and ties are kept exactly. O(n).
    public func rescaled(toRate target: Double) -> Trace? {
        precondition(target > 0 && target.isFinite, "no rate of \(target) requests/s")
        guard let first = requests.first, let last = requests.last,
            let scale = TimeScale(requests: requests.count, from: first.arrival, to: last.arrival, rate: target)
        else { return nil }
        var scaled = requests
        for index in scaled.indices { scaled[index].arrival = scale(scaled[index].arrival) }
        return changed("rescaled to \(target) requests/s", scaled, blockHashes)
    }

    /// The trace with other requests, which wait for nothing, and the change on record.
    func changed(_ change: String, _ requests: [Request], _ blockHashes: BlockHashes?) -> Trace {
        var provenance = provenance
        provenance.changes.append(change)
        return Trace(
            requests: requests, classNames: classNames, tenantNames: tenantNames, blockHashes: blockHashes,
            provenance: provenance)
    }
}

/// The ratio of two whole numbers of nanoseconds that gives requests another mean rate.
struct TimeScale: Sendable {
    private let old: UInt64
    private let new: UInt64

    /// - Parameters:
    ///   - first, last: arrivals of the first and the last of the requests.
    ///   - target: the rate that they are to have.
    init?(requests: Int, from first: SimulationTime, to last: SimulationTime, rate target: Double) {
        let old = (last - first).nanoseconds
        let exact = Double(requests - 1) / target * 1e9
        // The last arrival, first included, must stay a valid time.
        guard old > 0, exact >= 1, exact * (Double(last.nanoseconds) / Double(old)) < 4e18 else { return nil }
        (self.old, new) = (UInt64(old), UInt64(exact.rounded()))
    }

    func callAsFunction(_ time: SimulationTime) -> SimulationTime {
        let product = UInt64(time.nanoseconds).multipliedFullWidth(by: new)
        return SimulationTime(nanoseconds: Int64(old.dividingFullWidth(product).quotient))
    }
}
