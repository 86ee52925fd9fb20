internal import EventKernel
internal import Metrics

// Records as rows. The order of values is that of the columns in `Schema.tables` and the steps after it.

extension RowValues {
    mutating func append(_ time: SimulationTime) { append(time.nanoseconds) }

    mutating func append(_ time: SimulationTime?) {
        if let time { append(time) } else { appendNull() }
    }

    mutating func append(_ duration: SimulationDuration) { append(duration.nanoseconds) }
}

extension RequestRecord {
    static let columnCount = 21

    func append(run: Int64, to values: inout RowValues) {
        values.append(run)
        values.append(request)
        values.append(classIndex)
        values.append(outcome.rawValue)
        values.append(arrival)
        values.append(promptTokens)
        values.append(outputTokens)
        values.append(scheduled)
        values.append(firstToken)
        values.append(completion)
        values.append(parts.queue)
        values.append(parts.prefillRun)
        values.append(parts.prefillStalled)
        values.append(parts.transfer)
        values.append(parts.decodeWait)
        values.append(parts.decodeRun)
        values.append(parts.decodeStalled)
        values.append(parts.preempted)
        values.append(preemptions)
        values.append(prefillInstance)
        values.append(decodeInstance)
    }
}

extension IntervalRecord {
    static let columnCount = 15

    func append(run: Int64, sequence: Int, to values: inout RowValues) {
        values.append(run)
        values.append(sequence)
        values.append(time)
        values.append(instance)
        values.append(waiting)
        values.append(prefilling)
        values.append(decodeWaiting)
        values.append(decoding)
        values.append(usedBlocks)
        values.append(totalBlocks)
        values.append(prefillSMs)
        values.append(decodeSMs)
        values.append(prefillBusy)
        values.append(decodeBusy)
        values.append(prefillBlocks)
    }
}

extension PartitionChangeRecord {
    static let columnCount = 7

    func append(run: Int64, sequence: Int, to values: inout RowValues) {
        values.append(run)
        values.append(sequence)
        values.append(time)
        values.append(instance)
        values.append(prefillSMs)
        values.append(decodeSMs)
        values.append(reason)
    }
}

extension TransferRecord {
    static let columnCount = 9

    func append(run: Int64, sequence: Int, to values: inout RowValues) {
        values.append(run)
        values.append(sequence)
        values.append(request)
        values.append(source)
        values.append(destination)
        values.append(bytes)
        values.append(requested)
        values.append(started)
        values.append(finished)
    }
}

extension InstanceRecord {
    static let columnCount = 15

    func append(run: Int64, to values: inout RowValues) {
        values.append(run)
        values.append(instance)
        values.append(pool)
        values.append(gpus)
        values.append(totalBlocks)
        values.append(peakBlocks)
        values.append(prefillBusy)
        values.append(decodeBusy)
        values.append(prefillIterations)
        values.append(decodeIterations)
        values.append(preemptions)
        for starvation in [prefillStarvation, decodeStarvation] {
            values.append(starvation.map { Int($0.total.nanoseconds) })
            values.append(starvation.map { Int($0.longest.nanoseconds) })
        }
    }
}

extension StoredRun {
    /// Writes the row of the run and those of its summary.
    func insert(into connection: WriteConnection, endNanoseconds: Int64) throws {
        let slo = description.slo
        try RowInserter(connection, table: "run", columns: 22).insert { values in
            values.append(id)
            values.append(description.createdAt)
            values.append(description.name)
            values.append(description.comparison)
            values.append(description.deployment)
            values.append(description.scenario)
            values.append(Int64(bitPattern: description.seed))
            values.append(Int64(bitPattern: description.runNumber))
            values.append(description.revision)
            values.append(description.traceSource)
            values.append(slo?.timeToFirstToken)
            values.append(slo?.timePerOutputToken)
            values.append(slo?.attainmentTarget)
            values.append(description.pricePerHour)
            values.append(rowsKept.rawValue)
            values.append(gpus)
            values.append(iterations)
            values.append(endNanoseconds)
            values.append(fingerprintText)
            values.append(wallSeconds)
            values.append(description.requestRate)
            values.append(description.configuration)
        }
        let summaryRow = RowInserter(connection, table: "summary", columns: 5)
        let entries = summary.entries
        try summaryRow.insert(count: entries.count) { row, values in
            values.append(id)
            values.append(entries[row].metric.rawValue)
            values.append(entries[row].statistic.rawValue)
            values.append(entries[row].value)
            values.append(entries[row].count)
        }
    }
}
