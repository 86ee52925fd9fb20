internal import ArgumentParser

@main
struct Phasewise: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phasewise",
        abstract: "Says what a GPU deployment will do for a stream of LLM requests, before you pay for it.",
        discussion: """
            Replays a trace of requests against modelled GPUs under unified, disaggregated and semi-PD serving, and \
            stores every run in SQLite.

            Example:
              phasewise compare Profiles/scenarios/azure-conv.yaml
            """,
        version: version,
        // Each says its `commandName`: to derive it from the type took half of a start.
        subcommands: [
            Compare.self, Simulate.self, Sweep.self, Goodput.self, Plan.self, Regress.self, Results.self,
            ReportCommand.self, TimelineCommand.self, TraceCommand.self, Models.self, Devices.self, Policies.self,
            Calibrate.self, ProfileCommand.self, Validate.self, Reproduce.self,
        ])

    static let version = "0.1.0"

    static func main() {
        Terminal.expectBrokenPipes()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            endProcess(reporting: error)
        }
    }
}
