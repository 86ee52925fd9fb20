public import CostModels

/// What a lane runs in one iteration. It stays with its lane, where policies fill it anew each time.
public struct Batch: ~Copyable, Sendable {
    struct Chunk: Sendable {
        var slot: Int32
        var tokens: Int
    }

    var chunks = UniqueBuffer<Chunk>()
    /// Whether every sequence of the decode set generates a token.
    var decodes = false
    public internal(set) var shape = IterationShape.empty

    public var isEmpty: Bool { shape.isEmpty }
    /// Tokens that the iteration processes: prompt tokens and one per decoding sequence.
    public var tokens: Int { shape.tokens }

    /// Adds a token of every sequence of the decode set.
    @inline(__always)
    mutating func decode(sequences: Int, contextTokens: Int) {
        decodes = true
        shape.decodeSequences = sequences
        shape.decodeContextTokens = contextTokens
    }

    /// Makes this a batch of every sequence of the decode set, and nothing else.
    @inline(__always)
    mutating func decodeOnly(sequences: Int, contextTokens: Int) {
        chunks.removeAll()
        decodes = true
        shape = .decode(sequences: sequences, contextTokens: contextTokens)
    }

    /// Adds the next tokens of a prompt.
    @inline(__always)
    mutating func addChunk(_ slot: Int32, tokens: Int, cached: Int, completes: Bool) {
        chunks.append(Chunk(slot: slot, tokens: tokens))
        shape.addPrefill(tokens: tokens, cached: cached, completes: completes)
    }

    mutating func removeAll() {
        chunks.removeAll()
        decodes = false
        shape = .empty
    }
}
