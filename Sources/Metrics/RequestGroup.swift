/// What the requests of one `RequestRecord.classIndex` have in common.
public struct RequestGroup: Hashable, Sendable {
    /// `nil` in a workload without classes.
    public var className: String?
    /// `nil` in a workload without tenants.
    public var tenant: String?

    public init(className: String?, tenant: String?) {
        self.className = className
        self.tenant = tenant
    }

    /// Groups of a workload from the names by class index, either of which may be missing.
    public static func all(classNames: [String], tenantNames: [String]) -> [RequestGroup] {
        (0..<max(classNames.count, tenantNames.count)).map { index in
            RequestGroup(
                className: classNames.isEmpty ? nil : classNames[index],
                tenant: tenantNames.isEmpty ? nil : tenantNames[index])
        }
    }
}

/// An SLO with the limits of each request's class at hand.
public struct SLOJudge: Sendable {
    private let common: SLO
    /// By class index; empty where all requests have the same limits.
    private let limits: [SLO]

    public init(_ slo: SLO, groups: [RequestGroup]) {
        common = slo
        limits = slo.classes.isEmpty ? [] : groups.map { slo.limits(ofClass: $0.className) }
    }

    /// The limits of a request.
    public func limits(of record: RequestRecord) -> SLO { limits.isEmpty ? common : limits[record.classIndex] }
    public func isMet(by record: RequestRecord) -> Bool { limits(of: record).isMet(by: record) }
}

/// What became of the requests of one class, or of one tenant.
public struct GroupSummary: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case requestClass = "class"
        case tenant
    }

    public var kind: Kind
    public var name: String
    /// The limits of a class; `nil` without an SLO, and for tenants, whose requests may be of several classes.
    public var limits: SLO?
    public var arrived = 0
    public var completed = 0
    /// Requests that met the limits of their class; `nil` without an SLO.
    public var metSLO: Int?
    /// Of completed requests.
    public var promptTokens = 0
    public var outputTokens = 0
    /// Seconds, of completed requests.
    public var timeToFirstToken = Percentiles()
    /// Seconds, of completed requests of at least two tokens.
    public var timePerOutputToken = Percentiles()

    /// As in `Distribution`; `nil` where there is nothing to compute them from.
    public struct Percentiles: Hashable, Sendable {
        public var p50: Double?
        public var p90: Double?
        public var p99: Double?

        public init() {}

        public init(_ distribution: Distribution) {
            (p50, p90, p99) = (distribution.p50, distribution.p90, distribution.p99)
        }
    }

    public init(_ kind: Kind, name: String, limits: SLO? = nil) {
        self.kind = kind
        self.name = name
        self.limits = limits
    }

    /// Requests within the SLO over all that arrived; `nil` if none did, or without an SLO.
    public var attainment: Double? { arrived > 0 ? metSLO.map { Double($0) / Double(arrived) } : nil }
}

/// Jain's index (Jain, Chiu and Hawe, 1984): (Σx)² / (n Σx²), 1 if all have the same and 1/n if one has everything; `nil`
/// if nobody has anything.
public func jainIndex(of shares: [Double]) -> Double? {
    let (sum, squares) = (shares.reduce(0, +), shares.reduce(0) { $0 + $1 * $1 })
    return squares > 0 ? sum * sum / (Double(shares.count) * squares) : nil
}
