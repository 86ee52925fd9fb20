/// The ids of the blocks of every request's prompt, as prefix caches match them. A side table: a trace without ids
/// has none, and requests stay small.
public struct BlockHashes: Hashable, Sendable {
    /// What an id stands for, and so how ids are to be matched.
    public enum Dialect: String, CaseIterable, Hashable, Sendable {
        /// The whole prefix up to and with its block: an id seen before is a hit, whatever came before it (Mooncake).
        case wholePrefix = "whole-prefix"
        /// The content of its block alone: what matches is a sequence of ids from the start (Qwen-Bailian).
        case blockContent = "block-content"
        /// As `wholePrefix`, in ids that count within one session only. Here sessions have ids of their own, so that
        /// nothing is shared between them (kv-cache-tester).
        case fileLocal = "file-local"
    }

    public var dialect: Dialect
    /// Tokens that one id stands for. The last id of a prompt may stand for fewer; prompt tokens beyond the ids have
    /// no id and are in no cache.
    public var blockTokens: Int

    private var ids: [UInt32] = []
    private var spans: [Span] = []

    private struct Span: Hashable, Sendable {
        var start: Int
        var count: Int
    }

    public var format: BlockFormat { BlockFormat(dialect: dialect, tokens: blockTokens) }

    public init(dialect: Dialect, blockTokens: Int) {
        precondition(blockTokens >= 1, "blocks of \(blockTokens) tokens")
        self.dialect = dialect
        self.blockTokens = blockTokens
    }

    /// How many requests the table covers.
    public var requests: Int { spans.count }

    /// The ids of a request's prompt, first block first. O(1).
    public subscript(request: Int) -> ArraySlice<UInt32> {
        ids[spans[request].start..<spans[request].start + spans[request].count]
    }

    /// Adds the ids of the next request.
    public mutating func append(_ blocks: some Collection<UInt32>) {
        spans.append(Span(start: ids.count, count: blocks.count))
        ids.append(contentsOf: blocks)
    }

    /// The table of these requests of it, in this order. O(1) for each: the ids are shared.
    func selecting(_ requests: some Sequence<Int>) -> BlockHashes {
        var selected = self
        selected.spans = requests.map { spans[$0] }
        return selected
    }

    public static func == (a: BlockHashes, b: BlockHashes) -> Bool {
        a.dialect == b.dialect && a.blockTokens == b.blockTokens && a.requests == b.requests
            && (0..<a.requests).allSatisfy { a[$0] == b[$0] }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(dialect)
        hasher.combine(blockTokens)
        for request in 0..<requests { hasher.combine(self[request]) }
    }
}

/// What ids of blocks stand for.
public struct BlockFormat: Hashable, Sendable {
    public var dialect: BlockHashes.Dialect
    /// Tokens of a block.
    public var tokens: Int

    public init(dialect: BlockHashes.Dialect, tokens: Int) {
        precondition(tokens >= 1, "blocks of \(tokens) tokens")
        self.dialect = dialect
        self.tokens = tokens
    }
}
