/// One of several equal parts of a sweep: every `count`-th point from `index` on, so that parts take equally long where
/// cost grows along an axis.
public struct Shard: Hashable, Sendable {
    public var index: Int
    public var count: Int

    public init?(index: Int, count: Int) {
        guard count >= 1, (0..<count).contains(index) else { return nil }
        self.index = index
        self.count = count
    }

    /// `2/16`: the third of sixteen.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]) else { return nil }
        self.init(index: index, count: count)
    }

    public func holds(_ point: Int) -> Bool { point % count == index }
}
