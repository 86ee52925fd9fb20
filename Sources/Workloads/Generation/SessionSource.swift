public import EventKernel

/// The turns of sessions as they come: each arrives its pause after the answer to the one before it. A session whose turn
/// is refused goes on as if it had been answered.
public struct SessionSource: RequestSource, Sendable {
    private let sessions: Sessions
    /// When the next turn of each session arrives; the largest number while it waits, and after its last.
    private var arrivals: MinimumTree
    /// The turn that each session sends next.
    private var positions: [Int32]
    /// Session and turn of each request.
    private var origins: [(session: Int32, turn: Int32)] = []

    /// - Precondition: there is a session, and each has a turn and waits for answers.
    public init(_ sessions: Sessions) {
        precondition(
            sessions.waitsForAnswer && sessions.sessions.allSatisfy { !$0.turns.isEmpty }, "sessions of known arrivals")
        self.sessions = sessions
        positions = Array(repeating: 0, count: sessions.sessions.count)
        arrivals = MinimumTree(count: sessions.sessions.count, key: 0)
        for (index, session) in sessions.sessions.enumerated() { arrivals.set(index, to: session.start.nanoseconds) }
    }

    public var reacts: Bool { true }

    /// O(log sessions).
    public mutating func next() -> Request? {
        guard arrivals.minimum < .max else { return nil }
        let session = arrivals.indexOfMinimum
        let turn = sessions.sessions[session].turns[Int(positions[session])]
        let request = Request(
            index: origins.count, arrival: SimulationTime(nanoseconds: arrivals.minimum),
            promptTokens: turn.promptTokens, outputTokens: turn.outputTokens,
            classIndex: sessions.sessions[session].classIndex)
        origins.append((Int32(session), positions[session]))
        arrivals.set(session, to: .max)
        return request
    }

    public mutating func takeBack(_ request: Request) {
        arrivals.set(Int(origins.removeLast().session), to: request.arrival.nanoseconds)
    }

    public mutating func finished(_ request: Int, at time: SimulationTime) {
        let session = Int(origins[request].session)
        positions[session] += 1
        guard positions[session] < sessions.sessions[session].turns.count else { return }
        let pause = sessions.sessions[session].turns[Int(positions[session])].pause
        arrivals.set(session, to: (time + pause).nanoseconds)
    }

    public var blockFormat: BlockFormat? { BlockFormat(dialect: sessions.dialect, tokens: sessions.blockTokens) }

    public func blockIDs(of request: Int) -> ArraySlice<UInt32> {
        let (session, turn) = origins[request]
        return sessions.sessions[Int(session)].turns[Int(turn)].blocks[...]
    }
}
