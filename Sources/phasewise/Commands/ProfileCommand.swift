internal import ArgumentParser

struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Shows what the kernel tables of a device believe, and checks them against rows of others.",
        discussion: "Example:\n  phasewise profile show h200-sxm --gemm 4096x14336 --sms 64",
        subcommands: [PredictRows.self, ShowProfile.self])
}
