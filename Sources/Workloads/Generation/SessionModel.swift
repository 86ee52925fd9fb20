public import EventKernel

/// What describes made sessions, besides how many and from which seed.
public struct SessionModel: Hashable, Sendable {
    /// How a prompt follows from the turn before it.
    public enum Growth: Hashable, Sendable {
        /// It is the prompt before with its answer and so many new tokens.
        case afterAnswer(LengthDistribution)
        /// It is so much longer than the prompt before, answer included.
        case ofPrompt(LengthDistribution)
    }

    public var name: String
    /// When sessions start.
    public var starts: ArrivalProcess
    /// Turns of a session.
    public var turns: LengthDistribution
    public var firstPrompt: LengthDistribution
    public var growth: Growth
    public var outputTokens: LengthDistribution
    /// Milliseconds between turns.
    public var pauses: LengthDistribution
    /// Whether pauses count from the answer before, as those of people and tools do, or from the turn before.
    public var waitsForAnswer: Bool
    /// Tokens that all prompts begin with.
    public var sharedTokens: Int
    /// Longest prompt: one that would be longer is cut there.
    public var longestPrompt: Int
    /// Tokens of a block; ids name prefixes, those of the last block of a prompt included if it is full only in part.
    public var blockTokens: Int
    /// Chance that a later turn shares nothing with the one before it, as after a compaction of the context.
    public var coldShare = 0.0
    /// Whether a partly filled last block has an id.
    public var countsPartialBlocks = true

    /// Why no sessions can be made from this, in words for a message; `nil` if all is well.
    public var problem: String? {
        if let problem = starts.problem { return "starts: \(problem)" }
        let tokens =
            switch growth {
            case .afterAnswer(let tokens), .ofPrompt(let tokens): tokens
            }
        for (name, lengths) in [
            ("turns", turns), ("first prompt", firstPrompt), ("growth", tokens), ("output tokens", outputTokens),
            ("pauses", pauses),
        ] {
            if let problem = lengths.problem { return "\(name): \(problem)" }
        }
        if sharedTokens < 0 || longestPrompt < 1 || blockTokens < 1 || !(0...1).contains(coldShare) {
            return
                "\(sharedTokens) shared tokens, prompts to \(longestPrompt), blocks of \(blockTokens), cold share \(coldShare)"
        }
        return nil
    }
}

/// Makes the sessions of a model, one at a time. Every part has a random stream of its own, so that the first sessions do
/// not depend on how many are asked for.
public struct SessionGenerator: Sendable {
    private let model: SessionModel
    private var starts: ArrivalSampler
    private var turns: RandomStream
    private var prompts: RandomStream
    private var outputs: RandomStream
    private var pauses: RandomStream
    private var colds: RandomStream
    private var nextID: UInt32
    private let sharedBlocks: Int

    /// - Precondition: the model has no `problem`.
    public init(_ model: SessionModel, streams: RandomStreams) {
        if let problem = model.problem { preconditionFailure("\(model.name): \(problem)") }
        self.model = model
        starts = ArrivalSampler(model.starts, stream: streams.stream(named: "arrivals"))
        turns = streams.stream(named: "turns")
        prompts = streams.stream(named: "prompts")
        outputs = streams.stream(named: "outputs")
        pauses = streams.stream(named: "pauses")
        colds = streams.stream(named: "colds")
        sharedBlocks = model.sharedTokens / model.blockTokens
        nextID = UInt32(sharedBlocks)
    }

    public mutating func next() -> Session {
        let start = starts.next()
        let count = model.turns.drawn(&turns)
        var made: [Session.Turn] = []
        var prompt = min(model.longestPrompt, model.firstPrompt.drawn(&prompts))
        var blocks: [UInt32] = (0..<UInt32(min(sharedBlocks, prompt / model.blockTokens))).map { $0 }
        for number in 0..<count {
            var pause = SimulationDuration.zero
            if number > 0 {
                pause = SimulationDuration(nanoseconds: Int64(model.pauses.drawn(&pauses)) * 1_000_000)
                let before = made[number - 1]
                switch model.growth {
                case .afterAnswer(let tokens):
                    prompt = before.promptTokens + before.outputTokens + tokens.drawn(&prompts)
                case .ofPrompt(let tokens): prompt = before.promptTokens + tokens.drawn(&prompts)
                }
                prompt = min(model.longestPrompt, prompt)
                // What was full before is the same now; a block that was not is another one.
                let kept =
                    model.coldShare > 0 && colds.uniform() < model.coldShare
                    ? sharedBlocks : before.promptTokens / model.blockTokens
                blocks = Array(before.blocks.prefix(kept))
            }
            let wanted =
                model.countsPartialBlocks
                ? (prompt + model.blockTokens - 1) / model.blockTokens : prompt / model.blockTokens
            while blocks.count < wanted {
                blocks.append(nextID)
                nextID += 1
            }
            made.append(
                Session.Turn(
                    promptTokens: prompt, outputTokens: model.outputTokens.drawn(&outputs), pause: pause, blocks: blocks
                ))
        }
        return Session(start: start, turns: made)
    }

    /// The first sessions of a model that have at least so many requests together.
    public static func sessions(_ model: SessionModel, requests: Int, streams: RandomStreams) -> Sessions {
        var generator = SessionGenerator(model, streams: streams)
        var (made, count): ([Session], Int) = ([], 0)
        while count < requests {
            made.append(generator.next())
            count += made[made.count - 1].turns.count
        }
        let source = "\(model.name), sessions of \(requests) requests, seed \(streams.seed), run \(streams.run)"
        return Sessions(
            made, waitsForAnswer: model.waitsForAnswer, blockTokens: model.blockTokens,
            provenance: .init(source: source, format: "generated"))
    }
}

extension LengthDistribution {
    /// Tries for a length that is kept: at 1 % kept, one draw in e¹⁰⁰ meets the bound.
    private static var mostTries: Int { 10_000 }

    func drawn(_ stream: inout RandomStream) -> Int {
        for _ in 0..<Self.mostTries {
            if let length = length(atNormal: stream.normal()) { return length }
        }
        return nearestKept
    }
}
