internal import CostModels
internal import Diagnostics
internal import Metrics
internal import Profiles
internal import Simulator
internal import Workloads

extension ResolvedScenario {
    /// The scenario as a file that resolves to this same value, if it is read with the same profiles and from the same
    /// working directory (which relative paths start from).
    public func yaml() -> String {
        var entries: [(String, YAMLNode?)] = [
            ("name", text(name)),
            ("workload", workload.node),
            ("model", text(modelReference)),
            ("runtime", text(runtime)),
            ("cost_model", costModel.map { text($0.rawValue) }),
        ]
        if let slo {
            entries.append(
                (
                    "slo",
                    mapping([
                        ("ttft", number(slo.timeToFirstToken)), ("tpot", number(slo.timePerOutputToken)),
                        ("attainment", number(slo.attainmentTarget)),
                        ("classes", slo.classes.isEmpty ? nil : mapping(slo.classes.map { ($0.name, $0.node) })),
                    ])
                ))
        }
        entries += [
            ("seed", number(seed)), ("run", number(run)), ("equal", text(equalFooting.rawValue)),
            ("prices", prices.isEmpty ? nil : mapping(prices.map { ($0.device, number($0.pricePerHour)) })),
            ("deployments", list(deployments.map(\.node))),
        ]
        return mapping(entries).text
    }
}

extension ClassSLO {
    fileprivate var node: YAMLNode {
        mapping([
            ("ttft", number(timeToFirstToken)), ("tpot", number(timePerOutputToken)),
            ("attainment", number(attainmentTarget)),
        ])
    }
}

extension ResolvedWorkload {
    fileprivate var node: YAMLNode {
        var entries: [(String, YAMLNode?)]
        switch source {
        case .trace(let path, let format): entries = [("trace", text(path)), ("format", format.map(text))]
        case .generator(let preset): entries = [("generate", text(preset))]
        }
        entries += [
            ("arrivals", text(arrivals.text)), ("rate", requestsPerSecond.map(number)),
            ("requests", requests.map(number)),
        ]
        entries += selection.entries
        if sessions == .open { entries.append(("sessions", text(sessions.rawValue))) }
        if let closedLoop {
            entries.removeAll { $0.0 == "arrivals" }
            let loop = mapping([("users", number(closedLoop.users)), ("think_time", number(closedLoop.thinkTime))])
            entries.append(("closed_loop", loop))
        }
        return mapping(entries)
    }
}

extension ResolvedDeployment {
    fileprivate var node: YAMLNode {
        mapping([
            ("name", text(name)), ("router", text(router.rawValue)),
            ("signal_interval", signalIntervalSeconds.map(number)), ("pools", list(pools.map(\.node))),
            (
                "link",
                link.map {
                    mapping([
                        ("bandwidth", number($0.bytesPerSecond)), ("latency", number($0.latencySeconds)),
                        ("concurrent_transfers", number($0.concurrentTransfers)),
                        ("layout_bandwidth", $0.layoutBytesPerSecond.map(number)),
                        ("push", text($0.isLayerWise ? "layer-wise" : "none")),
                        ("pauses_decode", $0.pausesDecode ? text("true") : nil),
                    ])
                }
            ),
            ("mixed_pool_tokens", mixedPoolTokens.map(number)), ("mixed_pool_memory", mixedPoolMemory.map(number)),
            ("changes", changes.isEmpty ? nil : list(changes.map(\.node))),
        ])
    }
}

extension ResolvedChange {
    fileprivate var node: YAMLNode {
        switch kind {
        case .fail(let pool, let instance, let requests):
            mapping([
                ("at", number(seconds)), ("fail", text(pool)), ("instance", number(instance)),
                ("requests", text(requests.rawValue)),
            ])
        case .join(let pool, let instance):
            mapping([("at", number(seconds)), ("join", text(pool)), ("instance", number(instance))])
        case .flip(let pool, let instance, let to, let restart):
            mapping([
                ("at", number(seconds)), ("flip", text(pool)), ("instance", number(instance)), ("to", text(to)),
                ("restart", number(restart)),
            ])
        case .link(let bandwidth): mapping([("at", number(seconds)), ("link_bandwidth", number(bandwidth))])
        }
    }
}

private typealias Eviction = FCFSDecodePolicy.Eviction

extension ResolvedPool {
    fileprivate var node: YAMLNode {
        var (blocks, utilization): (YAMLNode?, YAMLNode?)
        switch memory {
        case .blocks(let count): blocks = number(count)
        case .utilization(let share): utilization = number(share)
        }
        return mapping(
            [
                ("name", text(name)), ("role", text(role.rawValue)), ("policy", text(policy)),
                ("instances", number(instances)), ("tp", number(tensorParallelism)),
                ("pp", pipelineParallelism == 1 ? nil : number(pipelineParallelism)), ("device", text(deviceReference)),
                ("kv_blocks", blocks), ("memory_utilization", utilization),
                ("swap_space", swapSpaceGiB.map(number)),
                ("preemption_mode", policy == "vllm-0.6" && swapSpaceGiB != nil ? text("swap") : nil),
                (
                    "eviction",
                    role == .decode ? text((swapSpaceGiB == nil ? Eviction.recomputeLast : .swapLast).rawValue) : nil
                ),
                ("costs", costs?.node),
                (
                    "partition_sms",
                    partitionControl == nil ? partition.map { list([number($0.prefill), number($0.decode)]) } : nil
                ),
            ] + (partitionControl?.entries ?? []) + (workers?.entries ?? []) + [
                ("parameters", mapping(arguments.map { ($0.name, number($0.value)) }))
            ])
    }
}

extension ResolvedWorkers {
    fileprivate var entries: [(String, YAMLNode?)] {
        [
            ("hand_off", text(handOff.rawValue)), ("eviction", text(eviction.rawValue)),
            ("kv_reserve", number(reserve)),
        ]
    }
}

extension ResolvedPartitionControl {
    fileprivate var entries: [(String, YAMLNode?)] {
        [
            ("partition", list([number(initial.prefill), number(initial.decode)])),
            ("mechanism", text(mechanism.rawValue)), ("controller", text(controller)),
            ("controller_parameters", mapping(arguments.map { ($0.name, number($0.value)) })),
            ("partition_change", change.node),
        ]
    }
}

extension ResolvedPartitionChange {
    fileprivate var node: YAMLNode {
        switch self {
        case .asynchronous(let preparation, let prefillStall, let decodeStall):
            mapping([
                ("kind", text("asynchronous")), ("preparation", number(preparation)),
                ("prefill_stall", number(prefillStall)), ("decode_stall", number(decodeStall)),
            ])
        case .restart(let load, let copy, let initialisation):
            mapping([
                ("kind", text("restart")), ("load_bandwidth", number(load)), ("copy_bandwidth", number(copy)),
                ("initialisation", number(initialisation)),
            ])
        }
    }
}

extension ResolvedCosts {
    fileprivate var node: YAMLNode {
        switch form {
        case .affine(let prefill, let decode, let largeDecode):
            mapping([
                ("iteration_ms", number(iteration)),
                (
                    "prefill",
                    mapping([
                        ("constant_ms", number(prefill.constant)), ("per_token_ms", number(prefill.perToken)),
                        ("per_squared_token_ms", number(prefill.perSquaredToken)),
                    ])
                ),
                ("decode", mapping(decode.entries)),
                ("large_decode", largeDecode.map { mapping([("above", number($0.above))] + $0.cost.entries) }),
            ])
        case .table(let tokens, let sequences):
            mapping([
                ("iteration_ms", number(iteration)), ("tokens_ms", list(tokens.map(\.node))),
                ("sequences_ms", list(sequences.map(\.node))),
            ])
        }
    }
}

extension ResolvedCosts.Decode {
    fileprivate var entries: [(String, YAMLNode?)] {
        [
            ("constant_ms", number(constant)), ("per_context_token_ms", number(perContextToken)),
            ("per_sequence_ms", number(perSequence)),
        ]
    }
}

extension ResolvedCosts.Point {
    fileprivate var node: YAMLNode { list([number(count), number(milliseconds)]) }
}

// Nodes that are written have no place to point to.
private let nowhere = SourceLocation(file: "", line: 1, column: 1)

func mapping(_ entries: [(String, YAMLNode?)]) -> YAMLNode {
    YAMLNode(
        .mapping(
            entries.compactMap { key, value in
                value.map { YAMLNode.Entry(key: key, keyLocation: nowhere, value: $0) }
            }), at: nowhere)
}

func list(_ items: [YAMLNode]) -> YAMLNode { YAMLNode(.sequence(items), at: nowhere) }
/// Put in quotes by the writer where it needs them.
func text(_ text: String) -> YAMLNode { YAMLNode(.scalar(text, isQuoted: false), at: nowhere) }
func number(_ value: some BinaryInteger) -> YAMLNode { text(String(value)) }
/// The shortest decimal that reads back as the same number.
func number(_ value: Double) -> YAMLNode {
    text(Int(exactly: value).map(String.init) ?? "\(value)")
}
