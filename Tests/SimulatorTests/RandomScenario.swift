import EventKernel
import Simulator
import Workloads

/// A run in which anything may happen: every policy and controller, routers with and without stale signals, instances that
/// fail and join, links that are shared and change, prefix caches, a stop in the middle.
struct RandomScenario: CustomStringConvertible {
    var configuration: SimulationConfiguration
    let trace: Trace
    let description: String

    init(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "scenario")
        let system = System.allCases[random.index(below: System.allCases.count)]
        configuration = randomConfiguration(system, &random)
        var parts = ["\(system)", "router \(configuration.router.rawValue)"]
        let count = 20 + random.index(below: 100)
        if random.index(below: 2) == 0 {
            let dialect = BlockHashes.Dialect.allCases[random.index(below: BlockHashes.Dialect.allCases.count)]
            trace = sharingTrace(
                count: count, blockTokens: [16, 32][random.index(below: 2)], dialect, padded: true, &random)
            configuration = caching(configuration)
            parts.append("prefix caches")
        } else {
            trace = randomTrace(count: count, &random)
        }
        if random.index(below: 2) == 0 {
            addRandomChanges(to: &configuration, during: trace, &random)
            parts.append("\(configuration.changes.count) changes")
        }
        if random.index(below: 8) == 0 {
            let last = trace.requests.map(\.arrival.nanoseconds).max() ?? 0
            configuration.stopTime = SimulationTime(nanoseconds: Int64(random.index(below: Int(last) + 100_000)))
            parts.append("a stop")
        }
        description = "seed \(seed): " + parts.joined(separator: ", ")
    }
}

/// Failures, joins, flips and other bandwidths, some of them after the last arrival.
func addRandomChanges(
    to configuration: inout SimulationConfiguration, during trace: Trace, _ random: inout RandomStream
) {
    let horizon = trace.requests.map(\.arrival.nanoseconds).max() ?? 0
    let instances = configuration.pools.reduce(0) { $0 + $1.instances }
    let handling = InterruptedRequests.allCases[random.index(below: 3)]
    var changes: [DeploymentChange] = []
    let mayFlip =
        configuration.pools.map(\.role).starts(with: [.prefill, .decode])
        && configuration.pools.allSatisfy { $0.pipeline == nil }
    for _ in 0..<(1 + random.index(below: 6)) {
        let time = Int64(random.index(below: Int(horizon) + 1_000_000))
        let index = random.index(below: instances)
        if mayFlip, random.index(below: 3) == 0 {
            let toPool = index < configuration.pools[0].instances ? 1 : 0
            let restart = SimulationDuration(nanoseconds: Int64(random.index(below: 2_000_000)))
            changes.append(
                .init(.flip(instance: index, toPool: toPool, restart: restart), at: .init(nanoseconds: time)))
            continue
        }
        if random.index(below: 5) == 0 {
            changes.append(.init(.linkBandwidth(1e8 + 1e9 * random.uniform()), at: .init(nanoseconds: time)))
        } else {
            changes.append(.init(.fail(instance: index, handling), at: .init(nanoseconds: time)))
            let restart = time + Int64(random.index(below: 2_000_000))
            changes.append(.init(.join(instance: index), at: .init(nanoseconds: restart)))
        }
    }
    configuration.changes = changes.sorted { $0.time < $1.time }
}

/// Prompts that begin alike, with ids of blocks that say so.
/// - Parameter padded: whether a block that is full only in part may have the id of a full one.
func sharingTrace(
    count: Int, blockTokens: Int, _ dialect: BlockHashes.Dialect, padded: Bool, _ random: inout RandomStream
) -> Trace {
    var trace = randomTrace(count: count, &random)
    var hashes = BlockHashes(dialect: dialect, blockTokens: blockTokens)
    var prompts: [[UInt32]] = []
    var next: UInt32 = 0
    for request in trace.requests {
        let blocks = (request.promptTokens - 1) / blockTokens + 1
        var ids: [UInt32] = []
        if !prompts.isEmpty, random.index(below: 3) > 0 {
            let other = prompts[random.index(below: prompts.count)]
            let most = min(padded ? blocks : request.promptTokens / blockTokens, other.count)
            ids = Array(other.prefix(random.index(below: most + 1)))
        }
        while ids.count < blocks {
            // Of content alone, ids come again after others.
            let isFull = (ids.count + 1) * blockTokens <= request.promptTokens
            ids.append(dialect == .blockContent && (isFull || padded) ? UInt32(random.index(below: 5)) : 100 + next)
            next += 1
        }
        prompts.append(padded ? ids : Array(ids.prefix(request.promptTokens / blockTokens)))
        hashes.append(ids)
    }
    trace.blockHashes = hashes
    return trace
}

/// The same with prefix caches wherever prompts are prefilled that are not decoded already.
func caching(_ configuration: SimulationConfiguration) -> SimulationConfiguration {
    var configuration = configuration
    for index in configuration.pools.indices where configuration.pools[index].role != .decode {
        configuration.pools[index].memory.cachesPrefixes = true
    }
    return configuration
}
