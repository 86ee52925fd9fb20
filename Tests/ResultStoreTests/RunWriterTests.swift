import EventKernel
import Foundation
import Metrics
import Testing

@testable import ResultStore

@Suite("Writing runs")
struct RunWriterTests {
    @Test("what was written is read back, summary and all", arguments: RowKeeping.allCases)
    func roundTrip(keeping: RowKeeping) throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        let written = try store.storeRun(description(comparison: "c", seed: .max), keeping: keeping)
        let reader = try ResultStore(readingFrom: folder.path())
        #expect(try reader.run(written.id) == written)
        #expect(written.summary.entries.count > 60)
        #expect(written.histograms.map(\.metric) == [.ttft, .tpot, .itl])
        #expect(written.histograms[2].buckets.reduce(0) { $0 + $1.count } == 210)

        let overview = try #require(try reader.runs().first)
        #expect(overview.seed == .max)
        #expect(overview.arrived == 200)
        #expect(overview.sloAttainment == written.summary[.sloAttainment])
        #expect(overview.saturation == written.summary.saturation)
    }

    @Test("classes and tenants are read back with their limits", arguments: RowKeeping.allCases)
    func groups(keeping: RowKeeping) throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        let written = try store.storeRun(descriptionWithGroups(seed: 3), keeping: keeping)
        #expect(try ResultStore(readingFrom: folder.path()).run(written.id) == written)
        #expect(written.summary.groups.map(\.name) == ["chat", "batch", "a", "b"])
    }

    @Test("attainment in SQL judges each request by its class, as the summary does", arguments: 0..<20 as Range<UInt64>)
    func attainmentByClass(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        let run = try store.storeRun(descriptionWithGroups(seed: seed), keeping: .all)
        let met = run.summary.groups.filter { $0.kind == .requestClass }.reduce(0) { $0 + ($1.metSLO ?? 0) }
        #expect(try store.value("SELECT met FROM sloAttainment") == "\(met)")
        let plain = try store.storeRun(description(seed: seed), keeping: .all)
        #expect(plain.summary[.sloAttainment] != run.summary[.sloAttainment])
    }

    @Test("every request is stored as it was recorded")
    func requestRows() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        // More than one batch.
        let count = RunWriter.batchRows + 100
        try store.storeRun(requests: count)
        let records = syntheticRequests(seed: 1, count: count)
        let rows = try store.query(
            """
            SELECT request, class, outcome, arrivalNs, promptTokens, outputTokens, scheduledNs, firstTokenNs,
                completionNs, queueNs, prefillRunNs, decodeRunNs, preemptions, decodeInstance
            FROM request ORDER BY request
            """
        ).rows
        #expect(rows.count == count)
        for (record, row) in zip(records, rows) {
            let expected: [String?] = [
                "\(record.request)", "\(record.classIndex)", record.outcome.rawValue,
                "\(record.arrival.nanoseconds)", "\(record.promptTokens)", "\(record.outputTokens)",
                record.scheduled.map { "\($0.nanoseconds)" }, record.firstToken.map { "\($0.nanoseconds)" },
                record.completion.map { "\($0.nanoseconds)" }, "\(record.parts.queue.nanoseconds)",
                "\(record.parts.prefillRun.nanoseconds)", "\(record.parts.decodeRun.nanoseconds)",
                "\(record.preemptions)", record.decodeInstance.map { "\($0)" },
            ]
            #expect(row == expected)
        }
    }

    @Test("samples, partition changes and transfers are stored in the order in which they were recorded")
    func otherRows() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        var writer = try store.startRun(description(), keeping: .all)
        let time = SimulationTime(nanoseconds: 5)
        for index in 0..<3 {
            writer.record(
                IntervalRecord(
                    time: time, instance: index, waiting: 1, prefilling: 2, decodeWaiting: 3, decoding: 4,
                    usedBlocks: 5, totalBlocks: 6, prefillBlocks: 11, prefillSMs: 7, decodeSMs: 8,
                    prefillBusy: SimulationDuration(nanoseconds: 9), decodeBusy: SimulationDuration(nanoseconds: 10)))
            writer.record(
                PartitionChangeRecord(time: time, instance: index, prefillSMs: 60, decodeSMs: 72, reason: "it's"))
            writer.record(
                TransferRecord(
                    request: index, source: 0, destination: 1, bytes: 4096, requested: time, started: time,
                    finished: SimulationTime(nanoseconds: 6)))
        }
        _ = try writer.commit(outcome(), wallSeconds: 0)
        #expect(
            try store.query("SELECT * FROM interval").rows.last
                == ([1, 2, 5, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map { "\($0)" }))
        #expect(try store.query("SELECT * FROM partitionChange").rows.map { $0[3] } == ["0", "1", "2"])
        #expect(try store.value("SELECT reason FROM partitionChange") == "it's")
        #expect(
            try store.query("SELECT * FROM transfer").rows.last == ["1", "2", "2", "0", "1", "4096", "5", "5", "6"])
        #expect(try store.query("SELECT * FROM instance").rows.count == 2)
    }

    @Test("distributions of TTFT and TPOT are stored whatever rows are", arguments: RowKeeping.allCases)
    func distributions(rows: RowKeeping) throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        try store.storeRun(keeping: rows, requests: 500)
        let completed = syntheticRequests(seed: 1, count: 500).filter { $0.outcome == .completed }
        let counts = try store.query(
            "SELECT metric, sum(count) FROM latencyHistogram GROUP BY metric ORDER BY metric")
        #expect(
            counts.rows == [
                ["itl", "210"], ["tpot", "\(completed.count { $0.outputTokens > 1 })"], ["ttft", "\(completed.count)"],
            ])
        // Each class holds the requests that took at most so long: compared with the requests themselves.
        for row in try store.query("SELECT upperNs FROM latencyHistogram WHERE metric = 'ttft'").rows {
            let upper = try #require(row[0].flatMap { Int64($0) })
            let upTo = try store.value(
                "SELECT sum(count) FROM latencyHistogram WHERE metric = 'ttft' AND upperNs <= \(upper)")
            #expect(upTo == "\(completed.count { $0.timeToFirstToken!.nanoseconds <= upper })")
        }
    }

    @Test("the rate and the words about a run are stored with it")
    func requestRate() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        var asked = description()
        asked.requestRate = 12.5
        asked.configuration = "workload: much\nmodel: some"
        let id = try store.storeRun(asked).id
        #expect(try store.run(id).description == asked)
    }

    @Test("the same run twice gives the same rows")
    func sameRows() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        try store.storeRun()
        try store.storeRun()
        for table in ["request", "summary", "latencyHistogram", "instance"] {
            let columns = try store.query("SELECT * FROM \(table) LIMIT 0").columns.dropFirst().joined(separator: ", ")
            let first = try store.query("SELECT \(columns) FROM \(table) WHERE runId = 1").rows
            #expect(try store.query("SELECT \(columns) FROM \(table) WHERE runId = 2").rows == first)
            #expect(!first.isEmpty)
        }
    }

    @Test("a writer that is dropped leaves the database as it was", arguments: [10, 3 * RunWriter.batchRows])
    func dropped(requests: Int) throws {
        let folder = try TemporaryFolder()
        do {
            let store = try ResultStore(writingTo: folder.path())
            try store.storeRun()
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.path()))
        do {
            let store = try ResultStore(writingTo: folder.path())
            var writer = try store.startRun(description(), keeping: .all)
            for record in syntheticRequests(seed: 2, count: requests) { writer.record(record) }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path())) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["results.sqlite"])
        #expect(try ResultStore(readingFrom: folder.path()).runs().count == 1)
    }

    @Test("a run that cannot be stored throws, and leaves the database as it was")
    func refusedRow() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        var writer = try store.startRun(description(), keeping: .all)
        let record = syntheticRequests(seed: 1, count: 1)[0]
        writer.record(record)
        writer.record(record)
        #expect(throws: ResultStoreError.self) { try writer.commit(outcome(), wallSeconds: 0) }
        #expect(try store.runs().isEmpty)
        #expect(try store.value("SELECT count(*) FROM request") == "0")
        // The lock is gone with the transaction.
        try store.storeRun()
        #expect(try store.runs().map(\.id) == [1])
    }

    @Test("writers at once all get their runs stored, each whole")
    func concurrentWriters() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path()
        let writers = 4
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    // Each opens the database itself, as separate processes would: all of them try to create it.
                    let store = try ResultStore(writingTo: path)
                    for run in 0..<5 {
                        try store.storeRun(description(seed: UInt64(writer * 10 + run)), requests: 300)
                    }
                }
            }
            try await group.waitForAll()
        }
        let store = try ResultStore(readingFrom: path)
        #expect(try store.runs().map(\.id) == (1...20).map(Int64.init))
        #expect(
            try store.value("SELECT count(*) FROM (SELECT runId FROM request GROUP BY runId HAVING count(*) = 300)")
                == "20")
        #expect(try store.query("PRAGMA foreign_key_check").rows.isEmpty)
    }

    @Test("readers see finished runs while another is written, and further writers can start")
    func readWhileWriting() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        try store.storeRun()
        var writer = try store.startRun(description(seed: 2), keeping: .all)
        for record in syntheticRequests(seed: 2, count: RunWriter.batchRows + 1) { writer.record(record) }
        let reader = try ResultStore(readingFrom: folder.path())
        #expect(try reader.runs().count == 1)
        #expect(try reader.value("SELECT count(*) FROM request") == "200")
        _ = try ResultStore(writingTo: folder.path()).startRun(description(seed: 3), keeping: .all)
        _ = try writer.commit(outcome(), wallSeconds: 0)
        #expect(try reader.runs().count == 2)
    }

    @Test(
        "any text can be a name",
        arguments: [
            "Robert'); DROP TABLE run;--", "a\"b,c\nd", "\u{1B}[31mred", "", "模型 🧪 e\u{301}", "%s?1:x",
        ])
    func hostileText(text: String) throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path("it's; a \"name\" %20.sqlite"))
        let run = try store.storeRun(description(name: text, comparison: text, deployment: text), requests: 5)
        #expect(try store.run(run.id).description.name == text)
        #expect(try store.runs().first?.deployment == text)
        #expect(try store.query("SELECT count(*) FROM run").rows == [["1"]])
    }

    @Test("a run of no requests is stored")
    func emptyRun() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        let run = try store.storeRun(requests: 0)
        #expect(try store.run(run.id) == run)
        #expect(run.summary[.ttft, .mean] == nil)
        #expect(try store.value("SELECT value FROM summary WHERE metric = 'ttft' AND statistic = 'p99'") == nil)
        #expect(try store.query("SELECT * FROM metricVariants").rows.isEmpty)
    }
}
