public import EventKernel

/// How users of a closed loop wait.
public struct ClosedLoopModel: Hashable, Sendable {
    /// Each has at most one request at a time.
    public var users: Int
    /// Mean seconds between an answer and the user's next request, exponentially distributed; 0 for none.
    public var thinkTime: Double

    public static let mostUsers = 1_000_000
    public static let thinkTimes = 0.0...1e6

    public init(users: Int, thinkTime: Double) {
        self.users = users
        self.thinkTime = thinkTime
    }

    /// Why there is no such loop, in words for a message; `nil` if all is well.
    public var problem: String? {
        if !(1...Self.mostUsers).contains(users) { return "\(users) users, expected 1 to \(Self.mostUsers)" }
        return Self.thinkTimes.contains(thinkTime) ? nil : "a think time of \(thinkTime) s, expected 0 to 1e6"
    }
}

/// Users who send a request, wait for the answer, think, and send the next: the requests of a base, in its order, at
/// times that the simulated system decides. Every user starts by thinking, and thinks by a random stream of its own, so
/// that its pauses are the same in every deployment.
public struct ClosedLoopSource<Base: RequestSource>: RequestSource {
    private var base: Base
    private let thinkTime: Double
    private var users: [RandomStream]
    /// When each user sends next that does not wait for an answer.
    private var sends = ArrivalQueue()
    /// Who sent each request.
    private var senders: [Int32] = []
    private var givenBack: Request?

    /// - Precondition: the model has no `problem`.
    public init(_ model: ClosedLoopModel, base: Base, streams: RandomStreams) {
        if let problem = model.problem { preconditionFailure(problem) }
        self.base = base
        thinkTime = model.thinkTime
        users = (0..<model.users).map { streams.stream(named: "user-\($0)") }
        for user in users.indices { think(user, from: .zero) }
    }

    public var reacts: Bool { true }

    public mutating func next() throws -> Request? {
        guard sends.first != nil, var request = try givenBack ?? base.next(), let send = sends.removeFirst() else {
            return nil
        }
        givenBack = nil
        request.arrival = send.time
        senders.append(Int32(send.subject))
        return request
    }

    public mutating func takeBack(_ request: Request) {
        sends.insert(Int(senders.removeLast()), at: request.arrival)
        givenBack = request
    }

    public mutating func finished(_ request: Int, at time: SimulationTime) { think(Int(senders[request]), from: time) }

    private mutating func think(_ user: Int, from time: SimulationTime) {
        let pause = thinkTime > 0 ? users[user].exponential(mean: thinkTime) : 0
        sends.insert(user, at: time + SimulationDuration(rounding: pause))
    }

    public var blockFormat: BlockFormat? { base.blockFormat }
    public func blockIDs(of request: Int) -> ArraySlice<UInt32> { base.blockIDs(of: request) }
}
