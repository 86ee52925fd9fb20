internal import GRDB

/// What a run is of: the same key and the same revision give the same rows.
public struct RunKey: Hashable, Sendable {
    /// The resolved scenario.
    public var scenario: String
    /// The deployment of the scenario that ran.
    public var deployment: String

    public init(scenario: String, deployment: String) {
        self.scenario = scenario
        self.deployment = deployment
    }
}

extension ResultStore {
    /// The runs that one revision of the program has stored, by what they are of; of several alike the first.
    public func runNumbers(revision: String) throws(ResultStoreError) -> [RunKey: Int64] {
        try withStoreErrors(at: path) {
            try read { db in
                let rows = try Row.fetchCursor(
                    db, sql: "SELECT id, scenario, deployment FROM run WHERE revision = ? ORDER BY id DESC",
                    arguments: [revision])
                var numbers: [RunKey: Int64] = [:]
                while let row = try rows.next() {
                    numbers[RunKey(scenario: row["scenario"], deployment: row["deployment"])] = row["id"]
                }
                return numbers
            }
        }
    }
}
