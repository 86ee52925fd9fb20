public import EventKernel

/// The turns of sessions as they come: each arrives its pause after the answer to the one before it. A session whose turn
/// is refused goes on as if it had been answered.
public struct SessionSource: RequestSource, Sendable {
    private let sessions: Sessions
    /// When the next turn of each session arrives that does not wait for an answer and has one.
    private var arrivals = ArrivalQueue()
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
        for (index, session) in sessions.sessions.enumerated() { arrivals.insert(index, at: session.start) }
    }

    public var reacts: Bool { true }

    /// O(log sessions).
    public mutating func next() -> Request? {
        guard let arrival = arrivals.removeFirst() else { return nil }
        let session = arrival.subject
        let turn = sessions.sessions[session].turns[Int(positions[session])]
        let request = Request(
            index: origins.count, arrival: arrival.time,
            promptTokens: turn.promptTokens, outputTokens: turn.outputTokens,
            classIndex: sessions.sessions[session].classIndex)
        origins.append((Int32(session), positions[session]))
        return request
    }

    public mutating func takeBack(_ request: Request) {
        arrivals.insert(Int(origins.removeLast().session), at: request.arrival)
    }

    public mutating func finished(_ request: Int, at time: SimulationTime) {
        let session = Int(origins[request].session)
        positions[session] += 1
        guard positions[session] < sessions.sessions[session].turns.count else { return }
        let pause = sessions.sessions[session].turns[Int(positions[session])].pause
        arrivals.insert(session, at: time + pause)
    }

    public var blockFormat: BlockFormat? { BlockFormat(dialect: sessions.dialect, tokens: sessions.blockTokens) }

    public func blockIDs(of request: Int) -> ArraySlice<UInt32> {
        let (session, turn) = origins[request]
        return sessions.sessions[Int(session)].turns[Int(turn)].blocks[...]
    }
}
