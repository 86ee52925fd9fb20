/// Points that no other beats in both directions.
public enum ParetoFront {
    /// Indices of the points that are not dominated, in ascending order of `x`. More `y` is better, and so is more `x`.
    /// Of equal points the first is kept. O(n log n).
    public static func maximal(_ points: [(x: Double, y: Double)]) -> [Int] {
        let order = points.indices.sorted {
            (-points[$0].x, -points[$0].y, Double($0)) < (-points[$1].x, -points[$1].y, Double($1))
        }
        var front: [Int] = []
        var best = -Double.infinity
        for index in order where points[index].y > best {
            best = points[index].y
            front.append(index)
        }
        return front.reversed()
    }
}
