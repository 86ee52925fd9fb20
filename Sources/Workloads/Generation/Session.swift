public import EventKernel

/// Requests of one user or agent that follow one another: each carries the context of those before it.
public struct Session: Hashable, Sendable {
    /// One request of a session.
    public struct Turn: Hashable, Sendable {
        public var promptTokens: Int
        public var outputTokens: Int
        /// Before the turn: since the answer before it where the session waits for answers, else since the turn before
        /// it has arrived. That of the first turn means nothing.
        public var pause: SimulationDuration
        /// Ids of the prompt's blocks; empty for a session without.
        public var blocks: [UInt32]

        public init(promptTokens: Int, outputTokens: Int, pause: SimulationDuration = .zero, blocks: [UInt32] = []) {
            self.promptTokens = promptTokens
            self.outputTokens = outputTokens
            self.pause = pause
            self.blocks = blocks
        }
    }

    /// When its first turn arrives.
    public var start: SimulationTime
    public var classIndex: Int
    public var turns: [Turn]

    public init(start: SimulationTime, classIndex: Int = 0, turns: [Turn]) {
        self.start = start
        self.classIndex = classIndex
        self.turns = turns
    }
}

/// Sessions in order of their start, and what their ids of blocks mean.
public struct Sessions: Sendable {
    public var sessions: [Session]
    /// Whether a turn waits for the answer to the one before it. If not, its arrival is known without a simulation.
    public var waitsForAnswer: Bool
    public var dialect: BlockHashes.Dialect
    public var blockTokens: Int
    public var provenance: Trace.Provenance

    public init(
        _ sessions: [Session], waitsForAnswer: Bool, dialect: BlockHashes.Dialect = .wholePrefix, blockTokens: Int,
        provenance: Trace.Provenance
    ) {
        self.sessions = sessions
        self.waitsForAnswer = waitsForAnswer
        self.dialect = dialect
        self.blockTokens = blockTokens
        self.provenance = provenance
    }

    public var requests: Int { sessions.reduce(0) { $0 + $1.turns.count } }

    /// The turns as a trace of known arrivals; where turns wait for answers, as if these needed no time. O(n log n).
    public var trace: Trace {
        var turns: [(arrival: SimulationTime, session: Int, turn: Int)] = []
        turns.reserveCapacity(requests)
        for (index, session) in sessions.enumerated() {
            var time = session.start
            for (number, turn) in session.turns.enumerated() {
                if number > 0 { time += turn.pause }
                turns.append((time, index, number))
            }
        }
        turns.sort { ($0.arrival, $0.session, $0.turn) < ($1.arrival, $1.session, $1.turn) }
        var hashes = BlockHashes(dialect: dialect, blockTokens: blockTokens)
        let made = turns.enumerated().map { index, place in
            let turn = sessions[place.session].turns[place.turn]
            hashes.append(turn.blocks)
            return Request(
                index: index, arrival: place.arrival, promptTokens: turn.promptTokens, outputTokens: turn.outputTokens,
                classIndex: sessions[place.session].classIndex)
        }
        return Trace(requests: made, blockHashes: hashes, provenance: provenance)
    }
}
