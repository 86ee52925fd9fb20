internal import Diagnostics
internal import Foundation
internal import Metrics
internal import Planning
internal import Synchronization

/// The runs of a plan, a line each, written as soon as they are done, so that a plan that was broken off goes on.
final class PlanJournal: Sendable {
    private struct State {
        var samples: [String: PlanSample] = [:]
        var file: FileHandle?
    }

    private static let heading =
        "# phasewise plan journal: key requests metTTFT metTPOT met metLate bound preemptions rejected saturation"
        + " tokens/s output-tokens/s tpot kv-peak\n"
    private let state: Mutex<State>

    /// - Parameter path: `nil` to keep nothing beyond this process.
    init(path: String?) throws {
        var state = State()
        if let path {
            if let data = FileManager.default.contents(atPath: path) {
                let text = String(decoding: data, as: UTF8.self)
                guard text.isEmpty || text.hasPrefix("# phasewise plan journal") else {
                    throw InputError(
                        at: SourceLocation(file: path, line: 1, column: 1),
                        "found something other than a plan's journal, expected one or no file")
                }
                // A line without its end was being written when the process ended.
                for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                    let fields = line.split(separator: " ").map(String.init)
                    if let sample = PlanSample(fields.dropFirst()) { state.samples[fields[0]] = sample }
                }
                state.file = FileHandle(forUpdatingAtPath: path)
                try state.file?.seekToEnd()
                if !text.isEmpty, !text.hasSuffix("\n") { try state.file?.write(contentsOf: Data("\n".utf8)) }
            } else if FileManager.default.createFile(atPath: path, contents: Data(Self.heading.utf8)) {
                state.file = FileHandle(forUpdatingAtPath: path)
                try state.file?.seekToEnd()
            }
            guard state.file != nil else {
                throw InputError(at: nil, "\(path): cannot be written", help: "name another file with --journal")
            }
        }
        self.state = Mutex(state)
    }

    var count: Int { state.withLock { $0.samples.count } }

    func sample(for key: String) -> PlanSample? { state.withLock { $0.samples[key] } }

    /// A line that cannot be written is not kept; the plan goes on.
    func append(_ sample: PlanSample, for key: String) {
        state.withLock { state in
            state.samples[key] = sample
            try? state.file?.write(contentsOf: Data(([key] + sample.fields).joined(separator: " ").utf8 + [10]))
        }
    }
}

extension PlanSample {
    fileprivate var fields: [String] {
        let counts = [
            attainment.requests, attainment.metTTFT, attainment.metTPOT, attainment.met, attainment.metLate,
            attainment.isBound ? 1 : 0, attainment.preemptions, attainment.rejected,
        ]
        let figures = [tokensPerSecond, outputTokensPerSecond, timePerOutputToken, kvPeakFraction]
        return counts.map(String.init) + [attainment.saturation?.rawValue ?? "-"]
            + figures.map { $0.map { "\($0)" } ?? "-" }
    }

    /// `nil` for anything else than a whole line.
    fileprivate init?(_ fields: ArraySlice<String>) {
        let fields = Array(fields)
        let counts = fields.prefix(8).compactMap(Int.init)
        guard fields.count == 13, counts.count == 8 else { return nil }
        let figures = fields[9...].map(Double.init)
        self.init(
            attainment: AttainmentSample(
                requests: counts[0], metTTFT: counts[1], metTPOT: counts[2], met: counts[3], metLate: counts[4],
                isBound: counts[5] == 1, preemptions: counts[6], rejected: counts[7],
                saturation: SaturationVerdict(rawValue: fields[8])),
            tokensPerSecond: figures[0], outputTokensPerSecond: figures[1], timePerOutputToken: figures[2],
            kvPeakFraction: figures[3])
    }
}
