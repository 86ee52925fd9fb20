public import Diagnostics

extension ServingRun {
    /// Reads `requests.csv` and `iterations.csv.gz` of a folder, runs in order of their first request.
    public static func read(folder: String) throws(InputError) -> [ServingRun] {
        var runs: [ServingRun] = []
        try MeasuredTable.forEachRow(
            of: "\(folder)/requests.csv",
            columns: keyColumns + ["arrival_s", "prompt_tokens", "output_tokens", "ttft_s", "e2e_s"]
        ) { (row) throws(InputError) in
            let key = try Key(row)
            let request = MeasuredRequest(
                arrival: try row.number("arrival_s"), promptTokens: try row.count("prompt_tokens", atLeast: 1),
                outputTokens: try row.count("output_tokens", atLeast: 1), timeToFirstToken: try row.number("ttft_s"),
                endToEnd: try row.number("e2e_s"))
            if request.endToEnd < request.timeToFirstToken {
                throw row.error("e2e_s", expected: "at least the ttft_s of \(request.timeToFirstToken)")
            }
            let index = runs.firstIndex { $0.key == key } ?? runs.endIndex
            if index == runs.endIndex { runs.append(ServingRun(key: key)) }
            if let last = runs[index].requests.last, request.arrival < last.arrival {
                throw row.error("arrival_s", expected: "at least the \(last.arrival) before it")
            }
            runs[index].requests.append(request)
        }
        try MeasuredTable.forEachRow(
            of: "\(folder)/iterations.csv.gz",
            columns: keyColumns + ["phase", "start_s", "end_s", "sequences", "tokens"]
        ) { (row) throws(InputError) in
            let key = try Key(row)
            guard let index = runs.firstIndex(where: { $0.key == key }) else {
                throw row.error("policy", expected: "a run that requests.csv has")
            }
            let step = Step(
                phase: try Phase(row), start: try row.number("start_s"), end: try row.number("end_s"),
                sequences: try row.count("sequences", atLeast: 1),
                // Bytes of a transfer.
                tokens: try row.count("tokens", atLeast: 1, atMost: 1 << 50))
            if step.end <= step.start { throw row.error("end_s", expected: "more than the start_s of \(step.start)") }
            runs[index].steps.append(step)
        }
        return runs
    }

    private static let keyColumns = ["policy", "x", "y", "mix", "rate"]
}

extension ServingRun.Key {
    fileprivate init(_ row: MeasuredTable.Row) throws(InputError) {
        let policy: ServingRun.Policy
        switch row.text("policy") {
        case "unified": policy = .unified
        case "disagg": policy = .disaggregated
        case "semi-pd-mps":
            let (x, y) = (try row.number("x", atLeast: 1), try row.number("y", atLeast: 1))
            if x > 100 { throw row.error("x", expected: "a percentage") }
            if y > 100 { throw row.error("y", expected: "a percentage") }
            policy = .semiPD(prefill: x, decode: y)
        case "semi-pd-green":
            policy = .greenContexts(prefill: try row.count("x", atLeast: 1), decode: try row.count("y", atLeast: 1))
        default: throw row.error("policy", expected: "unified, semi-pd-mps, semi-pd-green or disagg")
        }
        self.init(policy: policy, mix: row.text("mix"), rate: try row.number("rate", atLeast: 0.001))
    }
}

extension ServingRun.Phase {
    fileprivate init(_ row: MeasuredTable.Row) throws(InputError) {
        switch row.text("phase") {
        case "p": self = .prefill
        case "d": self = .decode
        case "x": self = .transfer
        default: throw row.error("phase", expected: "p, d or x")
        }
    }
}
