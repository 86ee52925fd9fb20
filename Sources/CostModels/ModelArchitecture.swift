/// The dimensions of a decoder-only transformer, as a Hugging Face `config.json` states them.
public struct ModelArchitecture: Hashable, Sendable {
    public enum WeightType: String, Hashable, Sendable { case bf16, fp8 }

    /// Experts of a mixture-of-experts model.
    public struct Experts: Hashable, Sendable {
        public var routed: Int
        public var shared: Int
        public var activePerToken: Int
        public var intermediateSize: Int
        /// Layers at the start that keep a dense feed-forward block.
        public var denseLayers: Int

        public init(routed: Int, shared: Int, activePerToken: Int, intermediateSize: Int, denseLayers: Int) {
            self.routed = routed
            self.shared = shared
            self.activePerToken = activePerToken
            self.intermediateSize = intermediateSize
            self.denseLayers = denseLayers
        }
    }

    /// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1).
    public struct LatentAttention: Hashable, Sendable {
        public var keyValueRank: Int
        public var queryRank: Int?
        public var ropeHeadSize: Int
        public var nopeHeadSize: Int
        public var valueHeadSize: Int

        public init(keyValueRank: Int, queryRank: Int?, ropeHeadSize: Int, nopeHeadSize: Int, valueHeadSize: Int) {
            self.keyValueRank = keyValueRank
            self.queryRank = queryRank
            self.ropeHeadSize = ropeHeadSize
            self.nopeHeadSize = nopeHeadSize
            self.valueHeadSize = valueHeadSize
        }
    }

    public var id: String
    public var hiddenSize: Int
    public var intermediateSize: Int
    public var layers: Int
    public var heads: Int
    public var keyValueHeads: Int
    public var headSize: Int
    public var vocabularySize: Int
    public var maxPositions: Int
    /// The LM head shares the embedding's weights.
    public var tiesEmbeddings: Bool
    public var weightType: WeightType
    public var experts: Experts?
    public var latentAttention: LatentAttention?

    public init(
        id: String, hiddenSize: Int, intermediateSize: Int, layers: Int, heads: Int, keyValueHeads: Int, headSize: Int,
        vocabularySize: Int, maxPositions: Int, tiesEmbeddings: Bool, weightType: WeightType = .bf16,
        experts: Experts? = nil, latentAttention: LatentAttention? = nil
    ) {
        self.id = id
        self.hiddenSize = hiddenSize
        self.intermediateSize = intermediateSize
        self.layers = layers
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headSize = headSize
        self.vocabularySize = vocabularySize
        self.maxPositions = maxPositions
        self.tiesEmbeddings = tiesEmbeddings
        self.weightType = weightType
        self.experts = experts
        self.latentAttention = latentAttention
    }

    public var weightBytesPerParameter: Int { weightType == .fp8 ? 1 : 2 }

    /// Parameters of a dense model: embeddings, attention, gated feed-forward, norms.
    public var denseParameters: Int {
        let attention = hiddenSize * headSize * (2 * heads + 2 * keyValueHeads)
        let feedForward = 3 * hiddenSize * intermediateSize
        let embeddings = vocabularySize * hiddenSize * (tiesEmbeddings ? 1 : 2)
        return layers * (attention + feedForward + 2 * hiddenSize) + embeddings + hiddenSize
    }

    /// Bytes of all weights. Embeddings and norms stay in 16 bits when the matrices are fp8.
    public var weightBytes: Int {
        let embeddings = vocabularySize * hiddenSize * (tiesEmbeddings ? 1 : 2)
        return (denseParameters - embeddings) * weightBytesPerParameter + 2 * embeddings
    }

    /// Bytes of K and V per token over all layers, 16-bit.
    public var keyValueBytesPerToken: Int {
        if let latent = latentAttention { return layers * (latent.keyValueRank + latent.ropeHeadSize) * 2 }
        return layers * keyValueHeads * headSize * 2 * 2
    }
}
