internal import ArgumentParser

@main
struct Phasewise: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: name,
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

    static let name = "phasewise"
    static let version = "0.1.0"

    static func main() {
        Terminal.expectBrokenPipes()
        do {
            var command = try parsed(Array(CommandLine.arguments.dropFirst()))
            try command.run()
        } catch {
            endProcess(reporting: error)
        }
    }

    /// The command that is named takes its arguments itself where it can: on the way down to it the parser builds and asks
    /// every command above. What it does not take, help and errors among it, goes that way and is worded there. One that
    /// says what stands above it is not looked at for completion scripts either, for which two more commands are parsed.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        var (type, rest): (any ParsableCommand.Type, ArraySlice<String>) = (Self.self, arguments[...])
        while let name = rest.first,
            let named = type.configuration.subcommands.first(where: { $0.configuration.commandName == name })
        {
            (type, rest) = (named, rest.dropFirst())
        }
        if type.configuration.subcommands.isEmpty, let command = try? type.parseAsRoot(Array(rest)),
            Swift.type(of: command) == type
        {
            return command
        }
        return try parseAsRoot(arguments)
    }
}
