internal import ArgumentParser
internal import CostModels
internal import Diagnostics
internal import Foundation
internal import Profiles
internal import Reproduction

struct Reproduce: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce",
        abstract: "Runs the experiments of a paper and writes them beside what the paper shows.",
        discussion: """
            Example:
              phasewise reproduce semi-pd
            """,
        subcommands: [SemiPD.self])

    struct SemiPD: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "semi-pd",
            abstract: "The semi-PD paper's experiments with Llama-3-8B on A100s.",
            discussion: """
                Writes a CSV table for each figure and a README with the results that a simulation has to show. Without \
                --figures, points of the paper are taken from ../shared/reference/semi-pd-figures.csv if that exists, else \
                from the digitised.csv of an earlier run in the output folder; our values do not depend on them.

                Example:
                  phasewise reproduce semi-pd --output /tmp/semi-pd --replications 1
                """)

        @Flag(
            help: """
                Instead of the experiments, how far decode alone is from the paper's at the points of a grid of its cost: \
                \(DecodeGrid.file). Takes a minute for each seed.
                """) var decodeGrid = false

        @Option(help: "Points read off the paper's figures, CSV.") var figures: String?
        @Option(help: "Folder of profiles, before the default ones.") var profiles: String?
        @Option(help: "Folder to write to; made if needed.") var output = "Results/semi-pd-paper"
        @Option(help: "Seeds of each point.") var replications = Setup.usualReplications
        @Option(help: "Requests of a run on ShareGPT; a quarter on LongBench.") var requests = Setup.usualRequests

        func validate() throws {
            if replications < 1 { throw ValidationError("found --replications \(replications), expected 1 or more") }
            if requests < 8 { throw ValidationError("found --requests \(requests), expected 8 or more") }
        }

        func run() throws {
            let setup = Setup(replications: replications, requests: requests, coRuns: try coRuns())
            if decodeGrid { return try writeDecodeGrid(setup) }
            let digitised = try digitisedFigures()
            let reproduction = SemiPDReproduction(
                setup, beside: digitised,
                progress: { if Terminal.errorIsTerminal { Terminal.overwrite($0) } })
            if Terminal.errorIsTerminal { Terminal.overwrite("") }
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
            for file in reproduction.files {
                try file.text.write(toFile: "\(output)/\(file.name)", atomically: true, encoding: .utf8)
            }
            for row in reproduction.rows {
                try Terminal.say("\(row.verdict.rawValue): \(row.number). \(row.result)")
            }
            try Terminal.say("written to \(output)")
        }

        private func writeDecodeGrid(_ setup: Setup) throws {
            let grid = DecodeGrid(setup) { done, all in
                if Terminal.errorIsTerminal { Terminal.overwrite("\(done) of \(all) points") }
            }
            if Terminal.errorIsTerminal { Terminal.overwrite("") }
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
            try grid.csv.write(toFile: "\(output)/\(DecodeGrid.file)", atomically: true, encoding: .utf8)
            try Terminal.say("written to \(output)/\(DecodeGrid.file)")
        }

        /// How two lanes slow each other, of the one device on which that was measured.
        private func coRuns() throws -> CoRunSurface {
            let workspace = try Workspace(profiles: profiles)
            let device = try workspace.catalog.device("h200-sxm").value
            guard let surface = try workspace.requiredTables(of: device).coRun else {
                throw InputError(
                    at: nil, "no co-runs in the kernel tables of \(device.id)", help: workspace.missingHelp)
            }
            return surface
        }

        private func digitisedFigures() throws -> DigitisedFigures {
            let usual = ["../shared/reference/semi-pd-figures.csv", "\(output)/\(SemiPDReproduction.digitisedFile)"]
            guard let path = figures ?? usual.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
                return DigitisedFigures()
            }
            guard let data = FileManager.default.contents(atPath: path) else {
                throw InputError(
                    at: SourceLocation(file: "--figures", line: 1, column: 1),
                    "found no file \"\(path)\", expected a CSV file of points")
            }
            return try DigitisedFigures(csv: String(decoding: data, as: UTF8.self), file: path)
        }
    }
}
