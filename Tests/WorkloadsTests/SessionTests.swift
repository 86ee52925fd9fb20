import EventKernel
import Testing
import Workloads

@Suite("Sessions and many clients")
struct SessionTests {
    private func sessions(_ preset: SessionPreset, requests: Int, seed: UInt64 = 1) -> Sessions {
        SessionGenerator.sessions(preset.model, requests: requests, streams: RandomStreams(seed: seed))
    }

    @Test("a later prompt contains the one before, and begins with its full blocks", arguments: SessionPreset.allCases)
    func growth(preset: SessionPreset) {
        let model = preset.model
        var (shared, turns) = (0, 0)
        for session in sessions(preset, requests: 3_000).sessions {
            for (turn, next) in zip(session.turns, session.turns.dropFirst()) {
                #expect(next.promptTokens > turn.promptTokens || next.promptTokens == model.longestPrompt)
                let full = turn.promptTokens / model.blockTokens
                turns += 1
                if next.blocks.starts(with: turn.blocks.prefix(full)) { shared += 1 }
            }
            for turn in session.turns {
                let blocks = Double(turn.promptTokens) / Double(model.blockTokens)
                #expect(turn.blocks.count == Int(blocks.rounded(model.countsPartialBlocks ? .up : .down)))
            }
        }
        // All but those that start cold.
        #expect(abs(Double(turns - shared) / Double(turns) - model.coldShare) < 0.012)
    }

    @Test("the first sessions do not depend on how many there are, and another seed gives others")
    func prefix() {
        let (few, many) = (sessions(.mooncakeSessions, requests: 100), sessions(.mooncakeSessions, requests: 1_000))
        #expect(few.sessions == Array(many.sessions.prefix(few.sessions.count)))
        #expect(sessions(.mooncakeSessions, requests: 100, seed: 2).sessions != few.sessions)
    }

    @Test("sessions as a trace arrive in order, with their blocks")
    func trace() {
        let made = sessions(.mooncakeSessions, requests: 2_000)
        let trace = made.trace
        #expect(trace.requests.count == made.requests)
        let prompts = made.sessions.flatMap { $0.turns.map(\.promptTokens) }
        #expect(trace.requests.map(\.promptTokens).sorted() == prompts.sorted())
        for request in trace.requests {
            #expect(trace.blockHashes?[request.index].count == (request.promptTokens + 511) / 512)
        }
    }

    /// What a later turn adds to an earlier request whose full blocks, at least two, its own begin with.
    private struct Followers {
        var new: [Int] = []
        var pauses: [Int] = []
        var first: [Int] = []
        var turns: [Int]

        init(_ trace: Trace) {
            guard let hashes = trace.blockHashes else { preconditionFailure("no ids") }
            var endings: [UInt32: Int] = [:]
            var roots = Array(trace.requests.indices)
            turns = []
            var lengths = [Int](repeating: 0, count: trace.requests.count)
            for (index, request) in trace.requests.enumerated() {
                let ids = hashes[index]
                let before = ids.dropFirst().indices.reversed().lazy.compactMap { place in
                    endings[ids[place]].flatMap {
                        trace.requests[$0].promptTokens / 512 == place - ids.startIndex + 1 ? $0 : nil
                    }
                }.first
                if let before {
                    let earlier = trace.requests[before]
                    new.append(max(1, request.promptTokens - earlier.promptTokens - earlier.outputTokens))
                    pauses.append(Int((request.arrival - earlier.arrival).nanoseconds / 1_000_000))
                    roots[index] = roots[before]
                } else {
                    first.append(request.promptTokens)
                }
                lengths[roots[index]] += 1
                let full = request.promptTokens / 512
                if full >= 2 { endings[ids[ids.startIndex + full - 1]] = index }
            }
            turns = lengths.filter { $0 > 0 }
        }
    }

    @Test("sessions in the shape of Mooncake's have its tables, and its prefix sharing as far as these make it")
    func mooncake() throws {
        guard let path = SharedTraces.path("mooncake/conversation_trace.jsonl.gz") else {
            return print("Mooncake's conversation trace is not here: its sessions are not compared")
        }
        let real = try SharedTraces.read(path)
        let (followers, model) = (Followers(real), SessionPreset.mooncakeSessions.model)
        #expect(abs(Double(followers.new.count) / Double(real.requests.count) - 0.33) < 0.005)
        guard case .afterAnswer(let new) = model.growth else { preconditionFailure("another growth") }
        for (values, table) in [
            (followers.new, new), (followers.pauses, model.pauses), (followers.first, model.firstPrompt),
        ] {
            let sorted = values.sorted()
            let quantiles = (0...200).map {
                Int((TraceStatistics.quantile(Double($0) / 200, ofSorted: sorted) + 0.5).rounded(.down))
            }
            #expect(table == .quantiles(quantiles))
        }
        #expect(model.turns == .resampled(followers.turns.sorted()))

        let made = SessionGenerator.sessions(model, requests: 40_000, streams: RandomStreams(seed: 1)).trace
        let again = Followers(made)
        for (name, values, drawn) in [
            ("first prompt", followers.first, again.first), ("turns", followers.turns, again.turns),
            ("prompt", real.requests.map(\.promptTokens), made.requests.map(\.promptTokens)),
            ("output", real.requests.map(\.outputTokens), made.requests.map(\.outputTokens)),
        ] {
            let distance = largestDistance(values, drawn)
            print("mooncake-sessions \(name): distance to the real distribution \(distance)")
            #expect(distance < 0.1)
        }
        let (sharing, realSharing) = (
            PrefixSharing(made.blockHashes!, promptTokens: made.requests.map(\.promptTokens)),
            PrefixSharing(real.blockHashes!, promptTokens: real.requests.map(\.promptTokens))
        )
        let (rate, realRate) = (try #require(sharing).blockHitRate, try #require(realSharing).blockHitRate)
        print("mooncake-sessions: block hit rate \(rate), the trace's \(realRate)")
        #expect(abs(rate - realRate) < 0.1)
    }

    @Test("coding-agent sessions against the sessions at hand, of the 710 that they were fitted to")
    func codingAgent() throws {
        let names = [
            "0036", "0039", "0043", "0048", "0052", "0064", "0068", "0102", "0138", "0233", "0266", "0291", "0298",
            "0317", "0329", "0372", "0408", "0472", "0555",
        ]
        let paths = names.compactMap { SharedTraces.path("kv-cache-tester/trace_\($0).json.gz") }
        guard paths.count == names.count else {
            return print("kv-cache-tester's sessions are not here: coding agents are not compared")
        }
        var (calls, outputs, growth): ([Int], [Int], [Int]) = ([], [], [])
        for path in paths {
            let trace = try SharedTraces.read(path)
            calls.append(trace.requests.count)
            outputs += trace.requests.map(\.outputTokens)
            growth += zip(trace.requests, trace.requests.dropFirst()).map {
                max(1, $1.promptTokens - $0.promptTokens)
            }
        }
        let made = sessions(.codingAgent, requests: 20_000).sessions
        let turns = made.flatMap { zip($0.turns, $0.turns.dropFirst()).map { $1.promptTokens - $0.promptTokens } }
        for (name, real, drawn) in [
            ("calls of a session", calls, made.map(\.turns.count)),
            ("output", outputs, made.flatMap { $0.turns.map(\.outputTokens) }), ("growth of the prompt", growth, turns),
        ] {
            let distance = largestDistance(real, drawn)
            print("coding-agent \(name): distance to 19 real sessions \(distance)")
            // The sessions at hand are short ones: 23 calls on average, where all 710 have 68.
            if name != "calls of a session" { #expect(distance < 0.15) }
        }
    }

    @Test("clients keep their requests when others join, and have rates by Zipf's law")
    func clients() throws {
        func model(_ clients: Int, rate: Double) throws -> MultiClientModel {
            try #require(
                MultiClientModel.skewed(
                    clients: clients, skew: 1, rate: rate, shape: .gamma(coefficientOfVariation: 3),
                    like: WorkloadPreset.azureConv.model))
        }
        let trace = MultiClientGenerator.trace(
            try model(20, rate: 10), requests: 50_000, streams: RandomStreams(seed: 1))
        #expect(trace.classNames.count == 20)
        #expect(abs(trace.rate / 10 - 1) < 0.05)
        var counts = [Double](repeating: 0, count: 20)
        for request in trace.requests { counts[request.classIndex] += 1 }
        #expect(abs(counts[0] / counts[9] / 10 - 1) < 0.3)
        let harmonic = (1...20).reduce(0) { $0 + 1 / Double($1) }
        #expect(abs(counts[0] * harmonic / 50_000 - 1) < 0.1)

        // One client alone sends what it sends beside others.
        var alone = try model(20, rate: 10)
        alone.clients = [alone.clients[0]]
        let first = MultiClientGenerator.trace(alone, requests: 1_000, streams: RandomStreams(seed: 1))
        let among = trace.requests.filter { $0.classIndex == 0 }.prefix(1_000)
        #expect(first.requests.map(\.arrival) == among.map(\.arrival))
        #expect(first.requests.map(\.promptTokens) == among.map(\.promptTokens))
    }

    @Test("many equal bursty clients together are near Poisson; one that sends most of it is not")
    func evensOut() throws {
        func variation(clients: Int, skew: Double) throws -> Double {
            let model = try #require(
                MultiClientModel.skewed(
                    clients: clients, skew: skew, rate: 10, shape: .gamma(coefficientOfVariation: 3),
                    like: WorkloadPreset.azureConv.model))
            let trace = MultiClientGenerator.trace(model, requests: 40_000, streams: RandomStreams(seed: 2))
            return try #require(TraceStatistics(trace).gapCoefficientOfVariation)
        }
        #expect(abs(try variation(clients: 1, skew: 0) - 3) < 0.2)
        // Palm and Khinchine.
        #expect(try variation(clients: 200, skew: 0) < 1.15)
        #expect(try variation(clients: 200, skew: 3) > 2)
    }
}
