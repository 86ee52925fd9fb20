internal import GRDB
internal import Metrics

// Classes and tenants as rows, and back. The order of values is that of the columns in `Schema.groupTables`.

extension RunDescription {
    func insertClasses(run: Int64, into connection: WriteConnection) throws {
        if groups.isEmpty { return }
        let inserter = RowInserter(connection, table: "requestClass", columns: 7)
        try inserter.insert(count: groups.count) { index, values in
            values.append(run)
            values.append(index)
            values.append(groups[index].className)
            values.append(groups[index].tenant)
            values.append(slo?.limits(ofClass: groups[index].className))
        }
    }
}

extension GroupSummary {
    func insert(run: Int64, sequence: Int, into connection: WriteConnection) throws {
        try RowInserter(connection, table: "groupSummary", columns: 18).insert { values in
            values.append(run)
            values.append(sequence)
            values.append(kind.rawValue)
            values.append(name)
            values.append(limits)
            values.append(arrived)
            values.append(completed)
            values.append(metSLO)
            values.append(promptTokens)
            values.append(outputTokens)
            for percentiles in [timeToFirstToken, timePerOutputToken] {
                values.append(percentiles.p50)
                values.append(percentiles.p90)
                values.append(percentiles.p99)
            }
        }
    }

    init(_ row: Row) {
        self.init(Kind(rawValue: row["kind"]) ?? .requestClass, name: row["name"], limits: SLO(row))
        arrived = row["arrived"]
        completed = row["completed"]
        metSLO = row["met"]
        promptTokens = row["promptTokens"]
        outputTokens = row["outputTokens"]
        timeToFirstToken.p50 = row["ttftP50"]
        timeToFirstToken.p90 = row["ttftP90"]
        timeToFirstToken.p99 = row["ttftP99"]
        timePerOutputToken.p50 = row["tpotP50"]
        timePerOutputToken.p90 = row["tpotP90"]
        timePerOutputToken.p99 = row["tpotP99"]
    }
}

extension SLO {
    /// The limits of a run, or of a class of it; `nil` if the row has none.
    init?(_ row: Row) {
        guard let ttft = row["sloTTFTSeconds"] as Double?, let tpot = row["sloTPOTSeconds"] as Double?,
            let target = row["sloAttainmentTarget"] as Double?
        else { return nil }
        self.init(timeToFirstToken: ttft, timePerOutputToken: tpot, attainmentTarget: target)
    }

    /// Takes over the limits of classes that have others than the run. - Parameter rows: of `requestClass`.
    mutating func addClasses(_ rows: [Row]) {
        for row in rows {
            guard let name = row["name"] as String?, let own = SLO(row), own != limits(ofClass: name) else { continue }
            classes.append(
                ClassSLO(
                    name: name, timeToFirstToken: own.timeToFirstToken, timePerOutputToken: own.timePerOutputToken,
                    attainmentTarget: own.attainmentTarget))
        }
    }
}

extension RowValues {
    fileprivate mutating func append(_ limits: SLO?) {
        append(limits?.timeToFirstToken)
        append(limits?.timePerOutputToken)
        append(limits?.attainmentTarget)
    }
}
