public import CostModels
public import Diagnostics

extension EfficiencyProfile {
    /// Reads the text of a file of `Profiles/efficiency/`. `file` is the name for messages.
    public init(yaml: String, id: String, file: String) throws(InputError) {
        let document = try ProfileNode.document(yaml, file: file)
        let root = try document.mapping(keys: [
            "origin", "gemm", "prefill_attention", "decode_attention", "elementwise", "all_reduce", "sm_scaling",
            "sharing",
        ])
        self.init(
            id: id, origin: try root["origin"].string(), gemm: try Self.gemm(root["gemm"]),
            prefillAttention: try Self.prefillAttention(root["prefill_attention"]),
            decodeAttention: try Self.decodeAttention(root["decode_attention"]),
            elementwise: try Self.elementwise(root["elementwise"]), allReduce: try Self.allReduce(root["all_reduce"]),
            smScaling: try Self.smScaling(root["sm_scaling"]), sharing: try Self.sharing(root["sharing"]))
    }

    private static func gemm(_ node: ProfileNode) throws(InputError) -> GEMMEfficiency {
        let fields = try node.mapping(keys: [
            "launch_seconds", "rows", "matrix_elements", "compute_efficiency", "bandwidth_efficiency",
        ])
        let rows = try fields["rows"].ascending()
        let elements = try fields["matrix_elements"].ascending()
        let table = try fields["compute_efficiency"].sequence()
        if table.count != rows.count {
            throw fields["compute_efficiency"].error(
                "\(table.count) rows of efficiencies for \(rows.count) knots of rows")
        }
        var compute: [[Double]] = []
        for line in table {
            let values = try line.fractions()
            if values.count != elements.count {
                throw line.error("\(values.count) efficiencies for \(elements.count) knots of matrix_elements")
            }
            compute.append(values)
        }
        return GEMMEfficiency(
            launchSeconds: try fields["launch_seconds"].notNegative(), rows: rows, matrixElements: elements,
            compute: compute, bandwidth: try fields["bandwidth_efficiency"].curve(of: .fraction))
    }

    private static func prefillAttention(_ node: ProfileNode) throws(InputError) -> PrefillAttentionEfficiency {
        let fields = try node.mapping(keys: ["launch_seconds", "tail_seconds_per_key", "compute_efficiency"])
        return PrefillAttentionEfficiency(
            launchSeconds: try fields["launch_seconds"].notNegative(),
            tailSecondsPerKey: try fields["tail_seconds_per_key"].notNegative(),
            compute: try fields["compute_efficiency"].curve(of: .fraction))
    }

    private static func decodeAttention(_ node: ProfileNode) throws(InputError) -> DecodeAttentionEfficiency {
        let fields = try node.mapping(keys: ["latency_seconds", "bandwidth_efficiency"])
        return DecodeAttentionEfficiency(
            latency: try fields["latency_seconds"].curve(of: .notNegative),
            bandwidth: try fields["bandwidth_efficiency"].curve(of: .fraction))
    }

    private static func elementwise(_ node: ProfileNode) throws(InputError) -> ElementwiseEfficiency {
        let fields = try node.mapping(keys: ["launch_seconds", "bandwidth_efficiency"])
        return ElementwiseEfficiency(
            launchSeconds: try fields["launch_seconds"].notNegative(),
            bandwidth: try fields["bandwidth_efficiency"].fraction())
    }

    private static func allReduce(_ node: ProfileNode) throws(InputError) -> AllReduceEfficiency {
        let fields = try node.mapping(keys: ["link_bytes_per_second", "groups"])
        var groups: [AllReduceEfficiency.Group] = []
        for node in try fields["groups"].sequence() {
            let group = try node.mapping(keys: ["ranks", "seconds"])
            groups.append(
                AllReduceEfficiency.Group(
                    ranks: try group["ranks"].positiveInteger(), seconds: try group["seconds"].curve(of: .notNegative)))
        }
        return AllReduceEfficiency(
            linkBytesPerSecond: try fields["link_bytes_per_second"].positive(), groups: groups)
    }

    private static func smScaling(_ node: ProfileNode) throws(InputError) -> SMScaling {
        let fields = try node.mapping(keys: ["streaming_multiprocessors", "compute", "weight_reads", "reads"])
        return SMScaling(
            streamingMultiprocessors: try fields["streaming_multiprocessors"].positiveInteger(),
            compute: try fields["compute"].curve(of: .fraction),
            weightReads: try fields["weight_reads"].curve(of: .fraction),
            reads: try fields["reads"].curve(of: .fraction))
    }

    private static func sharing(_ node: ProfileNode) throws(InputError) -> SharingEfficiency {
        let fields = try node.mapping(keys: ["delivered_bandwidth", "overlap_gain"])
        return SharingEfficiency(
            deliveredBandwidth: try fields["delivered_bandwidth"].fraction(),
            overlapGain: try fields["overlap_gain"].positive())
    }
}
