/// What a capacity plan may choose from.
public struct PlanSpace: Hashable, Sendable {
    /// A device on offer.
    public struct Offer: Hashable, Sendable {
        public var device: String
        /// US dollars for one GPU for one hour.
        public var pricePerHour: Double

        public init(device: String, pricePerHour: Double) {
            self.device = device
            self.pricePerHour = pricePerHour
        }
    }

    /// A policy with the names of the parameters that are varied, where it has them.
    public struct Policy: Hashable, Sendable {
        public enum Kind: Hashable, Sendable { case unified, disaggregated, semiPD }

        public var id: String
        public var kind: Kind
        /// The tokens of an iteration.
        public var chunkParameter: String?
        public var sequencesParameter: String?

        public init(id: String, kind: Kind, chunkParameter: String?, sequencesParameter: String?) {
            self.id = id
            self.kind = kind
            self.chunkParameter = chunkParameter
            self.sequencesParameter = sequencesParameter
        }
    }

    public var offers: [Offer]
    public var policies: [Policy]
    public var tensorParallelism: [Int]
    /// Of policies that can have stages: not of semi-PD.
    public var pipelineParallelism = [1]
    /// Tokens of an iteration to try; the policy's default is tried always.
    public var chunks: [Int]
    public var sequences: [Int]
    public var prefillShares: [Double]
    public var partitions: [Arrangement.Partition]
    public var maximumGPUs: Int

    public init(
        offers: [Offer], policies: [Policy], tensorParallelism: [Int], chunks: [Int], sequences: [Int],
        prefillShares: [Double], partitions: [Arrangement.Partition], maximumGPUs: Int
    ) {
        self.offers = offers
        self.policies = policies
        self.tensorParallelism = tensorParallelism
        self.chunks = chunks
        self.sequences = sequences
        self.prefillShares = prefillShares
        self.partitions = partitions
        self.maximumGPUs = maximumGPUs
    }

    /// One arrangement of each family, which differ in more than their number of instances; with the fewest instances.
    public var families: [Arrangement] {
        var families: [Arrangement] = []
        for offer in offers {
            for (degree, stages) in degrees {
                for policy in policies where stages == 1 || policy.kind != .semiPD {
                    for sharing in sharings(of: policy) {
                        for settings in settings(of: policy) {
                            var family = Arrangement(
                                device: offer.device, policy: policy.id, tensorParallelism: degree, sharing: sharing,
                                settings: settings, instances: 1)
                            family.pipelineParallelism = stages
                            family.instances = family.leastInstances
                            if family.gpus <= maximumGPUs { families.append(family) }
                        }
                    }
                }
            }
        }
        return families
    }

    private var degrees: [(Int, stages: Int)] {
        tensorParallelism.flatMap { degree in pipelineParallelism.map { (degree, $0) } }
    }

    /// `max_num_seqs` of vLLM on large devices.
    private static let largestDefaultSequences = 1024

    public func pricePerHour(of arrangement: Arrangement) -> Double {
        let price = offers.first { $0.device == arrangement.device }?.pricePerHour ?? 0
        return Double(arrangement.gpus) * price
    }

    private func sharings(of policy: Policy) -> [Arrangement.Sharing] {
        switch policy.kind {
        case .unified: [.together(partition: nil)]
        case .disaggregated: prefillShares.map { .apart(prefillShare: $0) }
        case .semiPD: partitions.map { .together(partition: $0) }
        }
    }

    private func settings(of policy: Policy) -> [[Arrangement.Setting]] {
        func choices(_ name: String?, _ values: [Int]) -> [[Arrangement.Setting]] {
            guard let name else { return [[]] }
            return [[]] + values.map { [Arrangement.Setting(name: name, value: $0)] }
        }
        return choices(policy.chunkParameter, chunks).flatMap { chunk in
            choices(policy.sequencesParameter, sequences).map { chunk + $0 }.filter { settings in
                // An iteration must hold a token of every sequence; a default limit may be as high as this.
                guard let tokens = chunk.first?.value else { return true }
                let sequences = settings.count > 1 ? settings[1].value : Self.largestDefaultSequences
                return tokens >= sequences
            }
        }
    }
}
