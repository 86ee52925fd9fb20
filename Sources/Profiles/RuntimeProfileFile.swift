public import CostModels
public import Diagnostics

extension RuntimeProfile {
    /// Reads the text of a file of `Profiles/runtimes/`. `file` is the name for messages.
    public init(yaml: String, id: String, file: String) throws(InputError) {
        let document = try ProfileNode.document(yaml, file: file)
        let root = try document.mapping(
            keys: ["name", "prefill", "decode", "memory_utilisation", "reserve_bytes_per_process"],
            optional: ["graph_batches"])
        self.init(
            id: id, name: try root["name"].string(), prefill: try Self.overhead(root["prefill"]),
            decode: try Self.overhead(root["decode"]),
            graphBatches: try root.optional("graph_batches").map(Self.graphs),
            memoryUtilisation: try root["memory_utilisation"].fraction(),
            reserveBytesPerProcess: try root["reserve_bytes_per_process"].integer(atLeast: 0))
    }

    private static func overhead(_ node: ProfileNode) throws(InputError) -> Overhead {
        let fields = try node.mapping(keys: [
            "kernel_factor", "hidden_seconds", "hidden_seconds_per_sequence", "serial_seconds",
            "serial_seconds_per_sequence",
        ])
        return Overhead(
            kernelFactor: try fields["kernel_factor"].numberOrCurve(),
            hiddenSeconds: try fields["hidden_seconds"].notNegative(),
            hiddenSecondsPerSequence: try fields["hidden_seconds_per_sequence"].notNegative(),
            serialSeconds: try fields["serial_seconds"].notNegative(),
            serialSecondsPerSequence: try fields["serial_seconds_per_sequence"].notNegative())
    }

    private static func graphs(_ node: ProfileNode) throws(InputError) -> GraphBatches {
        let fields = try node.mapping(keys: ["small", "step", "limit"])
        return GraphBatches(
            small: try fields["small"].ascending().map { Int($0) }, step: try fields["step"].positiveInteger(),
            limit: try fields["limit"].positiveInteger())
    }
}
