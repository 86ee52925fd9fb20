public import EventKernel

/// Several clients whose requests are one stream, as ServeGen composes workloads (Xiang et al., 2025): each has its own
/// arrivals and lengths, and a class named after it. What is bursty of one client evens out over many, unless few of
/// them send most of the requests.
public struct MultiClientModel: Hashable, Sendable {
    public var name: String
    /// In the order of their classes.
    public var clients: [WorkloadModel]

    public init(name: String, clients: [WorkloadModel]) {
        self.name = name
        self.clients = clients
    }

    public static let mostClients = 10_000

    /// Clients alike but for their rates, which fall as (k-th)^-skew (Zipf): 0 for equal ones, 1 where the first of a
    /// hundred sends a fifth of the requests. Together they have the rate given.
    /// - Precondition: a client, and a rate of more than 0.
    public static func skewed(
        clients: Int, skew: Double, rate: Double, shape: ArrivalShape, like model: WorkloadModel
    ) -> MultiClientModel? {
        precondition((1...mostClients).contains(clients) && rate > 0, "\(clients) clients at \(rate) requests/s")
        let weights = (1...clients).map { LengthDistribution.power(Double($0), -skew) }
        let all = weights.reduce(0, +)
        var made: [WorkloadModel] = []
        for (index, weight) in weights.enumerated() {
            guard let process = shape.process(rate: rate * weight / all), process.problem == nil else { return nil }
            var client = model
            (client.name, client.arrivals) = ("client-\(index + 1)", process)
            made.append(client)
        }
        return MultiClientModel(name: "\(clients) clients of \(model.name)", clients: made)
    }

    /// Why no requests can be made from this, in words for a message; `nil` if all is well.
    public var problem: String? {
        if clients.isEmpty || clients.count > Self.mostClients { return "\(clients.count) clients" }
        return clients.lazy.compactMap { client in client.problem.map { "\(client.name): \($0)" } }.first
    }
}

/// Makes the requests of many clients in order of arrival. Every client draws from streams named after its number: a
/// client more does not change what the others send.
public struct MultiClientGenerator: RequestSource, Sendable {
    private let requests: Int
    private var made = 0
    private var clients: [WorkloadGenerator]
    private var upcoming: [Request]
    private var arrivals = ArrivalQueue()

    /// - Precondition: the model has no `problem`.
    public init(_ model: MultiClientModel, requests: Int, streams: RandomStreams) {
        if let problem = model.problem { preconditionFailure("\(model.name): \(problem)") }
        self.requests = requests
        clients = model.clients.enumerated().map { index, client in
            WorkloadGenerator(client, requests: .max, streams: streams, client: index)
        }
        upcoming = []
        for index in clients.indices {
            guard let first = clients[index].next() else { preconditionFailure("client \(index) sends nothing") }
            upcoming.append(first)
            arrivals.insert(index, at: first.arrival)
        }
    }

    /// O(log clients).
    public mutating func next() -> Request? {
        guard made < requests, let client = arrivals.removeFirst()?.subject else { return nil }
        var request = upcoming[client]
        (request.index, request.classIndex) = (made, client)
        made += 1
        if let next = clients[client].next() {
            upcoming[client] = next
            arrivals.insert(client, at: next.arrival)
        }
        return request
    }

    /// The first `requests` requests of a model as a trace.
    public static func trace(_ model: MultiClientModel, requests: Int, streams: RandomStreams) -> Trace {
        var generator = MultiClientGenerator(model, requests: requests, streams: streams)
        var made: [Request] = []
        made.reserveCapacity(requests)
        while let request = generator.next() { made.append(request) }
        let source = "\(model.name), \(requests) requests, seed \(streams.seed), run \(streams.run)"
        return Trace(
            requests: made, classNames: model.clients.map(\.name),
            provenance: .init(source: source, format: "generated"))
    }
}
