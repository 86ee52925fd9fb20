internal import ArgumentParser

struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Shows what the kernel tables of a device believe, and checks them against rows of others.",
        subcommands: [PredictRows.self, ShowProfile.self])
}
