internal import Diagnostics
internal import Profiles
internal import Simulator

/// Reads what changes in a deployment while it serves.
struct ChangesReader {
    let findings: Findings
    let pools: [ResolvedPool]
    let hasLink: Bool

    /// In order of time; changes of the same instant in the order of the text.
    func read(_ node: YAMLNode) -> [ResolvedChange] {
        guard case .sequence(let items) = node.content else {
            findings.error(at: node.location, "changes: expected a list of changes, each with \"at\" in seconds")
            return []
        }
        let changes = items.compactMap(readChange)
        return changes.indices.sorted { (changes[$0].seconds, $0) < (changes[$1].seconds, $1) }.map { changes[$0] }
    }

    private func readChange(_ node: YAMLNode) -> ResolvedChange? {
        guard var keys = YAMLReader(node, "a change", findings) else { return nil }
        let time = keys.required("at", .number(in: 0...1e9))
        let failing = keys.optional("fail", .word("a pool", of: pools.map(\.name)))
        let joining = keys.optional("join", .word("a pool", of: pools.map(\.name)))
        let flipping = keys.optional("flip", .word("a pool", of: pools.map(\.name)))
        let bandwidth = keys.optional("link_bandwidth", .number(in: 1e3...1e18))
        let kinds = ["fail", "join", "flip", "link_bandwidth"].filter { keys.place(of: $0) != nil }
        if kinds.count != 1 {
            findings.error(
                at: node.location,
                "found \(kinds.isEmpty ? "none" : kinds.joined(separator: " and ")) of \"fail\", \"join\","
                    + " \"flip\" and \"link_bandwidth\" in a change, expected one of them")
        }
        var kind: ResolvedChange.Kind?
        if let failing {
            let requests: Located<InterruptedRequests>? = keys.optional(
                "requests", .choice("what becomes of its requests"))
            let instance = readInstance(&keys, of: failing.value)
            kind = .fail(pool: failing.value, instance: instance, requests: requests?.value ?? .retried)
        } else if let joining {
            kind = .join(pool: joining.value, instance: readInstance(&keys, of: joining.value))
        } else if let flipping {
            kind = readFlip(&keys, of: flipping)
        } else if let bandwidth {
            if !hasLink {
                findings.error(
                    at: bandwidth.location,
                    "link_bandwidth: found in a deployment without a prefill pool, where nothing travels"
                )
            }
            kind = .link(bandwidth: bandwidth.value)
        }
        keys.finish()
        guard let time, let kind else { return nil }
        return ResolvedChange(seconds: time.value, kind: kind)
    }

    /// Between a prefill and a decode pool on the same GPUs, of one stage.
    private func readFlip(_ keys: inout YAMLReader, of pool: Located<String>) -> ResolvedChange.Kind? {
        let to = keys.required("to", .word("a pool", of: pools.map(\.name)))
        let restart = keys.required("restart", .number(in: 0...86_400))
        let instance = readInstance(&keys, of: pool.value)
        guard let to, let restart, let source = pools.first(where: { $0.name == pool.value }),
            let target = pools.first(where: { $0.name == to.value })
        else { return nil }
        let isPair =
            source.role == .prefill && target.role == .decode || source.role == .decode && target.role == .prefill
        let isAlike =
            source.device == target.device && source.tensorParallelism == target.tensorParallelism
            && source.pipelineParallelism == 1 && target.pipelineParallelism == 1
        if !isPair || !isAlike {
            findings.error(
                at: to.location,
                "flip: found a flip from \(source.name) to \(target.name), expected a prefill and a decode pool with the same"
                    + " device and tp, of one stage")
        }
        return .flip(pool: pool.value, instance: instance, to: to.value, restart: restart.value)
    }

    private func readInstance(_ keys: inout YAMLReader, of pool: String) -> Int {
        let count = pools.first { $0.name == pool }?.instances ?? 1
        return keys.optional("instance", .int(in: 0...count - 1))?.value ?? 0
    }
}
