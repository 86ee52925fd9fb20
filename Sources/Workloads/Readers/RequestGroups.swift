/// The classes and tenants met in a file. Where it has tenants, a request's index stands for its class and its tenant
/// together.
struct RequestGroups {
    private struct Pair: Hashable {
        var classIndex: Int
        var tenant: Int
    }

    var classes = ClassNames(noun: "class")
    var tenants = ClassNames(noun: "tenant")
    private var pairs: [Pair] = []
    private var numbers: [Pair: Int] = [:]

    /// The index that stands for a class and a tenant. - Parameter classIndex: 0 in a file without classes.
    mutating func index(ofClass classIndex: Int, tenant: Int) -> Int {
        let pair = Pair(classIndex: classIndex, tenant: tenant)
        let next = pairs.count
        let number = numbers[pair, default: next]
        if number == next {
            numbers[pair] = next
            pairs.append(pair)
        }
        return number
    }

    /// By the index of a request; empty in a file without classes.
    var classNames: [String] {
        pairs.isEmpty || classes.names.isEmpty ? classes.names : pairs.map { classes.names[$0.classIndex] }
    }

    /// By the index of a request; empty in a file without tenants.
    var tenantNames: [String] { pairs.map { tenants.names[$0.tenant] } }
}
