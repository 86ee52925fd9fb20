import Calibration
import CostModels
import Diagnostics
import Foundation
import Profiles
import Testing
import Workloads

/// The committed lines and tables of the H200. With PHASEWISE_REWRITE in the environment the tables are written anew.
@Suite("Kernel tables from microbenchmark lines")
struct TableCalibrationTests {
    static let folder = Fixture.path("Profiles/kernels/h200-sxm")
    static let lines =
        (try? FileManager.default.contentsOfDirectory(atPath: folder + "/raw"))?.sorted()
        .filter { $0.hasSuffix(".jsonl.gz") } ?? []

    static let measurements: Result<KernelMeasurements, any Error> = Result {
        var measurements = KernelMeasurements()
        for name in lines {
            try forEachLine(ofFile: "\(folder)/raw/\(name)") { (text, number) throws(InputError) in
                try measurements.add(try MeasurementLine(text, file: name, line: number))
            }
        }
        return measurements
    }

    static let calibration: Result<TableCalibration, any Error> = Result {
        TableCalibration(
            try measurements.get(), device: Fixture.h200,
            models: [try ProfileCatalog(roots: [Fixture.path("Profiles")]).model("llama-3-8b").value],
            efficiency: try Fixture.efficiency("h200-sxm"),
            sharing: try CoRunSharing(
                yaml: try String(contentsOfFile: Fixture.path("Profiles/sharing/h200-sxm.yaml"), encoding: .utf8),
                file: "h200-sxm.yaml"))
    }

    @Test("points held out are within the bound of their family", arguments: TableCalibration.bounds.map(\.name))
    func bounds(name: String) throws {
        let bound = try #require(TableCalibration.bounds.first { $0.name == name })
        let entry = try #require(try Self.calibration.get().report[name])
        print("\(name): median \(entry.medianError), P90 \(entry.p90Error), bias \(entry.bias)")
        #expect(entry.heldOutRows > 10)
        #expect(entry.medianError <= bound.median)
        if let p90 = bound.p90 { #expect(entry.p90Error <= p90) }
    }

    @Test("no family misses its bound")
    func violations() throws {
        #expect(try Self.calibration.get().violations.map(\.text) == [])
    }

    @Test("calibrating the committed lines gives the committed tables, byte for byte")
    func committed() throws {
        let texts = try Self.calibration.get().texts(try Self.measurements.get(), sources: Self.lines)
        for (file, text) in texts {
            let path = "\(Self.folder)/\(file.name)"
            if ProcessInfo.processInfo.environment["PHASEWISE_REWRITE"] != nil {
                try text.write(toFile: path, atomically: true, encoding: .utf8)
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text, "\(file.name)")
        }
    }

    @Test("sums of parts are within 3 % of the stated iterations, and of every iteration in its own state")
    func sums() throws {
        let entries = try Self.calibration.get().report.entries
        let stated = entries.filter {
            $0.name.hasPrefix("iteration, decode ") || $0.name.hasPrefix("iteration, prefill ")
        }.filter { $0.name.contains("×") }
        let inOneState = entries.filter { $0.name.hasPrefix("iteration, in one state, ") }
        #expect(stated.count == 17 && inOneState.count == 8)
        for entry in stated + inOneState { #expect(entry.worstError <= 0.03, "\(entry.name): \(entry.worstError)") }
    }

    @Test("slowdowns under MPS are within the bound of co-runs on rows held out")
    func underMPS() throws {
        let report = try Self.calibration.get().report
        let rows = try #require(report["co-run, rows held out, mps"])
        #expect(rows.medianError <= 0.05 && rows.p90Error <= 0.12)
        let pairs = try #require(report["co-run, each pair of overlapping caps held out"])
        #expect(pairs.medianError <= 0.05)
    }

    @Test("tables that are written and read again are the same to six digits")
    func roundTrip() throws {
        let tables = try Self.calibration.get().tables
        let read = try KernelTables(device: "h200-sxm", folder: "k", texts: tables.texts { _ in ["a header"] })
        #expect(read.gemm.lines.map(\.curve.sizes) == tables.gemm.lines.map(\.curve.sizes))
        for (a, b) in zip(read.gemm.lines, tables.gemm.lines) {
            for (x, y) in zip(a.curve.seconds, b.curve.seconds) { #expect(abs(x / y - 1) < 1e-5) }
        }
        #expect(read.coRun?.partitions.count == tables.coRun?.partitions.count)
        #expect(read.coRun?.caps?.prefillWeights == tables.coRun?.caps?.prefillWeights)
        let again = try KernelTables(device: "h200-sxm", folder: "k", texts: read.texts { _ in [] })
        #expect(again.texts { _ in [] }.map(\.text) == read.texts { _ in [] }.map(\.text))
    }
}

@Suite("Lines that are wrong")
struct MeasurementLineTests {
    static let good =
        #"{"family":"gemm","kernel":"cublasLt","version":"13.1.0","dtype":"bf16","m":8,"n":64,"k":32,"state":"burst","selection":"tuned","median_us":3.5,"sms":132,"device":{"name":"X","driver":"1","cuda":"13"},"date":"2026-01-01"}"#

    static let cases: [(change: @Sendable (String) -> String, expected: String)] = [
        ({ _ in "[]" }, #"a.jsonl:7:1: error: found "[", expected the object of a measurement"#),
        (
            { String($0.dropLast()) },
            #"a.jsonl:7:220: error: found the end of the line, expected "," or the end of the object"#
        ),
        (
            { $0.replacing("\"m\":8", with: "\"m\":0") },
            "a.jsonl:7:76: error: found m 0, expected a whole number of at least 1"
        ),
        (
            { $0.replacing("\"m\":8", with: "\"m\":\"8\"") },
            "a.jsonl:7:76: error: found m \"8\", expected a whole number of at least 1"
        ),
        ({ $0.replacing("\"m\":8,", with: "") }, "a.jsonl:7:1: error: found no \"m\", expected one in this family"),
        (
            { $0.replacing("\"burst\"", with: "\"warm\"") },
            "a.jsonl:7:100: error: found state \"warm\", expected burst or sustained"
        ),
        (
            { $0.replacing("3.5", with: "-1") },
            "a.jsonl:7:140: error: found median_us -1, expected microseconds above zero"
        ),
        ({ $0.replacing("3.5", with: "NaN") }, "a.jsonl:7:140: error: found \"N\", expected a JSON value"),
        ({ $0 + "x" }, "a.jsonl:7:221: error: found \"x\", expected nothing after the object"),
    ]

    @Test("what was found and what was expected, with its place", arguments: cases.indices)
    func located(index: Int) throws {
        let (change, expected) = Self.cases[index]
        var measurements = KernelMeasurements()
        let error = #expect(throws: InputError.self) {
            try measurements.add(try MeasurementLine(change(Self.good), file: "a.jsonl", line: 7))
        }
        #expect(error?.description == expected)
    }

    @Test("an iteration whose samples scatter by more than a percent is counted and left", arguments: [0.009, 0.011])
    func settled(deviation: Double) throws {
        var measurements = KernelMeasurements()
        let line = """
            {"family":"iteration","kernel":"decoder iteration","version":"1","mode":"graph","scope":"iteration",\
            "model":"llama-3-8b","kind":"prefill","state":"sustained","sms":132,"tokens":512,"batch":1,"context":512,\
            "median_us":12650,"deviation":\(deviation),"device":{"name":"X","driver":"1","cuda":"13"},"date":"2026-01-01"}
            """
        try measurements.add(try MeasurementLine(line, file: "a.jsonl", line: 1))
        #expect(measurements.counts.map(\.used) == [deviation > 0.01 ? 0 : 1])
    }

    static func burst(_ milliseconds: Double, layers: String) -> String {
        """
        {"family":"parts","kernel":"decoder iteration","version":"1","mode":"graph","scope":"iteration","part":"whole",\
        "model":"llama-3-8b","kind":"prefill","state":"burst","sms":132,"tokens":8192,"batch":1,"context":8192,\
        "median_us":\(milliseconds * 1000),"deviation":0.001\(layers),\
        "device":{"name":"X","driver":"1","cuda":"13"},"date":"2026-01-01"}
        """
    }

    @Test(
        "an iteration from rest that the power limit reaches counts by its first layers, and not at all without them",
        arguments: [
            (40.0, #","layers_ns":[20000000,20000000]"#, 0), (80.0, "", 0),
            (80.0, #","layers_ns":[20000000,30000000,30000000]"#, 1),
        ])
    func reached(milliseconds: Double, layers: String, used: Int) throws {
        var measurements = KernelMeasurements()
        try measurements.add(try MeasurementLine(Self.burst(milliseconds, layers: layers), file: "a.jsonl", line: 1))
        #expect(measurements.counts.map(\.used) == [used])
    }

    @Test("layers that are no list of numbers are an error with a place")
    func layersWrong() throws {
        var measurements = KernelMeasurements()
        let line = try MeasurementLine(Self.burst(80, layers: #","layers_ns":[]"#), file: "a.jsonl", line: 1)
        let error = #expect(throws: InputError.self) { try measurements.add(line) }
        #expect(error?.description.hasSuffix("found layers_ns a list, expected a list of numbers") == true)
    }

    @Test("a good line, a skipped one and one of an unknown family are counted")
    func counted() throws {
        var measurements = KernelMeasurements()
        for line in [
            Self.good, #"{"family":"gemm","skip":"no memory"}"#, #"{"family":"weather","kernel":"rain"}"#,
        ] {
            try measurements.add(try MeasurementLine(line, file: "a.jsonl", line: 1))
        }
        #expect(measurements.counts.map(\.family) == ["gemm", "weather"])
        #expect(measurements.counts.map(\.used) == [1, 0])
        #expect(measurements.counts.map(\.skipped) == [1, 0])
    }
}

@Suite("Table files that are wrong")
struct KernelTableFileTests {
    static let cases: [(text: String, expected: String)] = [
        ("n,k\n", #"k/gemm.csv:1:1: error: found the header "n,k", expected "n,k,sms,state,m,us""#),
        ("n,k,sms,state,m,us\n64,32,132,burst,1 2\n", "k/gemm.csv:2:1: error: found 5 fields, expected 6"),
        (
            "n,k,sms,state,m,us\n64,32,132,warm,1 2,3 4\n",
            "k/gemm.csv:2:11: error: found \"warm\", expected one of burst, sustained"
        ),
        (
            "# a\nn,k,sms,state,m,us\n64,32,132,burst,2 1,3 4\n",
            "k/gemm.csv:3:17: error: found sizes out of order, expected them to ascend"
        ),
        (
            "n,k,sms,state,m,us\n64,32,132,burst,1 2,3 4 5\n",
            "k/gemm.csv:2:21: error: found 3 times, expected 2, one for each size"
        ),
        ("n,k,sms,state,m,us\n64,32,132,burst,1 2,3 x\n", "k/gemm.csv:2:23: error: found \"x\", expected a number"),
        (
            "n,k,sms,state,m,us\n64,32,132,burst,1 2,3 0\n",
            "k/gemm.csv:2:21: error: found a time of zero or less, expected microseconds"
        ),
    ]

    @Test("ratios of an inferred power limit below one are an error with a place")
    func ratios() throws {
        let text = "family,device,n,k,size,ratio\ngemm,h200-sxm,64,32,1 2,1 0.9\n"
        let error = #expect(throws: InputError.self) {
            try KernelTables(device: "h100-sxm", folder: "k", texts: [(.throttling, text)])
        }
        #expect(
            error?.diagnostics.first?.description
                == "k/throttling.csv:2:25: error: found a ratio below 1, expected sustained over burst times")
    }

    @Test("what was found and what was expected, with its place", arguments: cases.indices)
    func located(index: Int) throws {
        let error = #expect(throws: InputError.self) {
            try KernelTables(device: "h200-sxm", folder: "k", texts: [(.gemm, Self.cases[index].text)])
        }
        #expect(error?.diagnostics.first?.description == Self.cases[index].expected)
    }
}
