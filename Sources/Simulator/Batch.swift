public import CostModels

/// What a lane runs in one iteration. Kept by its lane and filled anew each time; its storage is reused.
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

    /// Becomes what another is; what that one is then does not matter. Storage stays with both.
    mutating func take(_ other: inout Batch) {
        decodes = other.decodes
        shape = other.shape
        if other.chunks.isEmpty { chunks.removeAll() } else { swap(&chunks, &other.chunks) }
    }

    mutating func removeAll() {
        chunks.removeAll()
        decodes = false
        shape = .empty
    }
}
