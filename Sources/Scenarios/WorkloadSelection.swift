internal import Diagnostics
internal import EventKernel
internal import Profiles
internal import Workloads

extension ScenarioReader {
    /// The keys of a workload that say what is taken of its source.
    func readSelection(_ keys: inout YAMLReader) -> TraceSelection {
        var selection = TraceSelection()
        let window = YAMLExpectation<Double>.number(in: 0...4e9)
        selection.from = keys.optional("from", window).map { time($0.value) }
        let to = keys.optional("to", window)
        selection.to = to.map { time($0.value) }
        selection.classes = keys.optional("classes", .list(of: .string("a class's name")))?.value ?? []
        for (name, bounds) in lengthBounds {
            let least = keys.optional("min_\(name)", .int(in: 1...1_000_000_000))
            let most = keys.optional("max_\(name)", .int(in: 1...2_000_000_000))
            selection[keyPath: bounds] = .init(least: least?.value, most: most?.value)
            if let least, let most, least.value > most.value {
                findings.error(
                    at: most.location, "max_\(name): found \(most.value), expected at least min_\(name), \(least.value)"
                )
            }
        }
        selection.share = keys.optional("sample", .number(in: TraceSelection.shares))?.value
        selection.skipped = keys.optional("skip", .int(in: 0...1_000_000_000))?.value ?? 0
        selection.clockSpeed = keys.optional("time_warp", .number(in: TraceSelection.clockSpeeds))?.value ?? 1
        if let from = selection.from, let to, time(to.value) <= from {
            findings.error(at: to.location, "to: found \(brief(to.value)), expected more than from")
        }
        return selection
    }

    /// `closed_loop`, which takes the place of all arrivals.
    func readClosedLoop(_ workload: inout YAMLReader) -> ClosedLoopModel? {
        guard let node = workload.node("closed_loop"), var keys = YAMLReader(node, "the closed loop", findings) else {
            return nil
        }
        for key in ["arrivals", "rate"] {
            if let place = workload.place(of: key) {
                findings.error(at: place, "found \"\(key)\" beside \"closed_loop\", expected one of them")
            }
        }
        let users = keys.required("users", .int(in: 1...ClosedLoopModel.mostUsers))
        let thinkTime = keys.optional("think_time", .number(in: ClosedLoopModel.thinkTimes))
        keys.finish()
        return users.map { ClosedLoopModel(users: $0.value, thinkTime: thinkTime?.value ?? 0) }
    }

    private func time(_ seconds: Double) -> SimulationTime { .zero + SimulationDuration(rounding: seconds) }
}

extension TraceSelection {
    /// The keys that read back as this selection.
    var entries: [(String, YAMLNode?)] {
        let bounds = lengthBounds.flatMap { name, path in
            [
                ("min_\(name)", self[keyPath: path].least.map(number)),
                ("max_\(name)", self[keyPath: path].most.map(number)),
            ]
        }
        return [
            ("from", from.map { number($0.seconds) }), ("to", to.map { number($0.seconds) }),
            ("classes", classes.isEmpty ? nil : list(classes.map(text))),
        ] + bounds + [
            ("sample", share.map(number)), ("skip", skipped == 0 ? nil : number(skipped)),
            ("time_warp", clockSpeed == 1 ? nil : number(clockSpeed)),
        ]
    }
}

private var lengthBounds: [(String, WritableKeyPath<TraceSelection, TraceSelection.TokenBounds>)] {
    [("prompt", \.promptTokens), ("output", \.outputTokens), ("total", \.totalTokens)]
}

/// Without decimals where there are none to show.
private func brief(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
