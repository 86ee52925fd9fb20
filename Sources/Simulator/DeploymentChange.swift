public import EventKernel

/// Something that changes in a deployment while it serves. What ends at the same instant ends before it.
public struct DeploymentChange: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// An instance stops: its memory and the iterations in flight are gone.
        case fail(instance: Int, InterruptedRequests)
        /// An instance that failed, or that was not there from the start, begins to serve. Its first change being this
        /// one, it is absent until then.
        case join(instance: Int)
        /// A prefill instance becomes one of a decode pool, or the reverse: it takes no more requests, serves those that it
        /// has, and is up in the other role so long after. Without stages, on the same kind of GPUs.
        case flip(instance: Int, toPool: Int, restart: SimulationDuration)
        /// Links have another bandwidth from now on, transfers that are under way included. Bytes per second.
        case linkBandwidth(Double)
    }

    public var time: SimulationTime
    public var kind: Kind

    public init(_ kind: Kind, at time: SimulationTime) {
        self.time = time
        self.kind = kind
    }
}

/// What becomes of the requests of an instance that fails.
public enum InterruptedRequests: String, CaseIterable, Hashable, Sendable {
    /// Nobody asks again.
    case lost
    /// The client asks again at once: nothing that was generated counts, the first token is that of the last attempt.
    case retried
    /// A gateway kept what was generated: another instance prefills the prompt with it and goes on.
    case resumed
}
