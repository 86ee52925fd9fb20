/// What the cost of one engine iteration depends on: the seam between the simulator and the cost models.
///
/// Every field is a sum or a maximum over the batch, so that a batch is described in O(1) however large it is. The same
/// quantities are the columns of the microbenchmarks.
public struct IterationShape: Hashable, Sendable, BitwiseCopyable {
    /// Prompt tokens computed in this iteration, over all prefill chunks.
    public var prefillTokens: Int
    /// Number of prefill chunks.
    public var prefillSequences: Int
    /// Query–key pairs of causal prefill attention: Σ over chunks of c·p + c(c+1)/2, with c new tokens on top of p
    /// tokens already in the KV cache.
    public var prefillAttentionPairs: Int
    /// Σ over chunks of p + c: KV entries that prefill attention reads.
    public var prefillContextTokens: Int
    /// Chunks that complete their prompt in this iteration and so need a row of the LM head.
    public var prefillCompletions: Int
    /// Sequences that generate one token each.
    public var decodeSequences: Int
    /// Σ over decoding sequences of their context, the token being processed included.
    public var decodeContextTokens: Int

    public static var empty: Self { Self() }

    public init(
        prefillTokens: Int = 0, prefillSequences: Int = 0, prefillAttentionPairs: Int = 0,
        prefillContextTokens: Int = 0,
        prefillCompletions: Int = 0, decodeSequences: Int = 0, decodeContextTokens: Int = 0
    ) {
        self.prefillTokens = prefillTokens
        self.prefillSequences = prefillSequences
        self.prefillAttentionPairs = prefillAttentionPairs
        self.prefillContextTokens = prefillContextTokens
        self.prefillCompletions = prefillCompletions
        self.decodeSequences = decodeSequences
        self.decodeContextTokens = decodeContextTokens
    }

    /// `sequences` decoding sequences with `contextTokens` of context in all.
    public static func decode(sequences: Int, contextTokens: Int) -> Self {
        IterationShape(decodeSequences: sequences, decodeContextTokens: contextTokens)
    }

    /// One prefill chunk of `tokens` on top of `cached` tokens.
    public static func prefill(tokens: Int, cached: Int = 0, completes: Bool = true) -> Self {
        var shape = IterationShape.empty
        shape.addPrefill(tokens: tokens, cached: cached, completes: completes)
        return shape
    }

    @inlinable
    public mutating func addPrefill(tokens: Int, cached: Int, completes: Bool) {
        prefillTokens += tokens
        prefillSequences += 1
        // Of a product that is not negative and even.
        prefillAttentionPairs += tokens * cached + (tokens * (tokens + 1)) &>> 1
        prefillContextTokens += cached + tokens
        if completes { prefillCompletions += 1 }
    }

    public var isEmpty: Bool { prefillTokens == 0 && decodeSequences == 0 }
    public var isDecodeOnly: Bool { prefillTokens == 0 && decodeSequences > 0 }
    /// Rows of the matrix products.
    public var tokens: Int { prefillTokens + decodeSequences }
}
