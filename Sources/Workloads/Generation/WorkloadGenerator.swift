public import EventKernel

/// Everything that describes made requests, besides how many and from which seed.
public struct WorkloadModel: Hashable, Sendable {
    public var name: String
    public var arrivals: ArrivalProcess
    public var promptTokens: LengthDistribution
    public var outputTokens: LengthDistribution
    /// Correlation of the normals behind prompt and output (a Gaussian copula): −1…1, 0 for independent lengths.
    /// For a wanted rank correlation s it is 2·sin(π·s/6).
    public var correlation: Double

    public init(
        name: String, arrivals: ArrivalProcess, promptTokens: LengthDistribution, outputTokens: LengthDistribution,
        correlation: Double = 0
    ) {
        self.name = name
        self.arrivals = arrivals
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
        self.correlation = correlation
    }

    /// Why no requests can be made from this, in words for a message; `nil` if all is well.
    public var problem: String? {
        if let problem = arrivals.problem { return "arrivals: \(problem)" }
        if let problem = promptTokens.problem { return "prompt tokens: \(problem)" }
        if let problem = outputTokens.problem { return "output tokens: \(problem)" }
        return abs(correlation) <= 1 ? nil : "correlation \(correlation), expected -1 to 1"
    }
}

/// Makes the requests of a model, one at a time.
///
/// Arrivals, prompts and outputs have a random stream each: another arrival process does not change the lengths, and
/// the first requests do not depend on how many are asked for.
public struct WorkloadGenerator: RequestSource, Sendable {
    /// Tries for a pair of lengths that both distributions keep. At 1 % kept by each, one in 10⁴ pairs passes, so
    /// that one draw in e¹⁰ meets the bound and takes a typical length instead.
    private static let mostTries = 100_000

    private let model: WorkloadModel
    private let requests: Int
    private var made = 0
    private var arrivals: ArrivalSampler
    private var prompts: RandomStream
    private var outputs: RandomStream

    /// - Precondition: the model has no `problem`.
    public init(_ model: WorkloadModel, requests: Int, streams: RandomStreams) {
        self.init(model, requests: requests, streams: streams, client: nil)
    }

    /// - Parameter client: its number where several draw from the same streams.
    init(_ model: WorkloadModel, requests: Int, streams: RandomStreams, client: Int?) {
        precondition(requests >= 0, "\(requests) requests")
        let suffix = client.map { "-\($0)" } ?? ""
        if let problem = model.problem { preconditionFailure("\(model.name): \(problem)") }
        self.model = model
        self.requests = requests
        arrivals = ArrivalSampler(model.arrivals, stream: streams.stream(named: "arrivals" + suffix))
        prompts = streams.stream(named: "prompts" + suffix)
        outputs = streams.stream(named: "outputs" + suffix)
    }

    public mutating func next() -> Request? {
        guard made < requests else { return nil }
        let (prompt, output) = nextLengths()
        made += 1
        return Request(index: made - 1, arrival: arrivals.next(), promptTokens: prompt, outputTokens: output)
    }

    private mutating func nextLengths() -> (prompt: Int, output: Int) {
        for _ in 0..<Self.mostTries {
            let first = prompts.normal()
            let second =
                model.correlation * first + (1 - model.correlation * model.correlation).squareRoot() * outputs.normal()
            if let prompt = model.promptTokens.length(atNormal: first),
                let output = model.outputTokens.length(atNormal: second)
            {
                return (prompt, output)
            }
        }
        return (model.promptTokens.nearestKept, model.outputTokens.nearestKept)
    }

    /// The first `requests` requests of a model as a trace.
    public static func trace(_ model: WorkloadModel, requests: Int, streams: RandomStreams) -> Trace {
        var generator = WorkloadGenerator(model, requests: requests, streams: streams)
        var made: [Request] = []
        made.reserveCapacity(requests)
        while let request = generator.next() { made.append(request) }
        let source = "\(model.name), \(requests) requests, seed \(streams.seed), run \(streams.run)"
        return Trace(requests: made, provenance: Trace.Provenance(source: source, format: "generated"))
    }
}
