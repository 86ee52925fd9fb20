public import EventKernel

/// Sessions by name.
public enum SessionPreset: String, CaseIterable, Sendable {
    case mooncakeSessions = "mooncake-sessions"
    case codingAgent = "coding-agent"

    /// One line for a list of presets.
    public var summary: String {
        switch self {
        case .mooncakeSessions:
            "multi-turn chat with shared prefixes, in the shape of Mooncake's conversation trace: 3.4 requests/s"
        case .codingAgent:
            "coding agents in closed loops with tool gaps, in the shape of kv-cache-tester's sessions: a start every 10 s"
        }
    }

    public var model: SessionModel {
        switch self {
        case .mooncakeSessions: .mooncakeConversation
        case .codingAgent: .codingAgent
        }
    }
}

/// Any workload by name: requests or sessions.
public enum GeneratorPreset: Hashable, Sendable, CaseIterable {
    case requests(WorkloadPreset)
    case sessions(SessionPreset)

    public static var allCases: [GeneratorPreset] {
        WorkloadPreset.allCases.map { .requests($0) } + SessionPreset.allCases.map { .sessions($0) }
    }

    /// `nil` for a name that is none.
    public init?(_ name: String) {
        if let preset = WorkloadPreset(rawValue: name) {
            self = .requests(preset)
        } else if let preset = SessionPreset(rawValue: name) {
            self = .sessions(preset)
        } else {
            return nil
        }
    }

    public var name: String {
        switch self {
        case .requests(let preset): preset.rawValue
        case .sessions(let preset): preset.rawValue
        }
    }

    public var summary: String {
        switch self {
        case .requests(let preset): preset.summary
        case .sessions(let preset): preset.summary
        }
    }

    /// The first requests of it, as a trace of known arrivals.
    public func trace(requests: Int, streams: RandomStreams) -> Trace {
        switch self {
        case .requests(let preset): return WorkloadGenerator.trace(preset.model, requests: requests, streams: streams)
        case .sessions(let preset):
            // Sessions overlap: the first requests of all are among those of more sessions than have so many.
            let sessions = SessionGenerator.sessions(preset.model, requests: 2 * requests, streams: streams)
            return sessions.trace.prefix(requests)
        }
    }
}
