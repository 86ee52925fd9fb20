import Foundation

/// Answers as `phasewise simulate SCENARIO --format csv` does, which is all that `phasewise regress` asks of a candidate's
/// program: unified pools are scheduled by our policy, or by the scenario's own with `OWN_POLICY=off`.
@main
enum Main {
    static func main() {
        guard CommandLine.arguments.count > 2, CommandLine.arguments[1] == "simulate" else {
            fail("usage: own-policy simulate SCENARIO", status: 64)
        }
        do {
            let isOff = ProcessInfo.processInfo.environment["OWN_POLICY"] == "off"
            let replay = try Replay(
                scenario: CommandLine.arguments[2], profiles: profiles,
                policy: isOff ? nil : ShortestPromptFirst())
            print(try replay.summary().csv, terminator: "")
        } catch {
            fail("\(error)", status: 65)
        }
    }

    /// The profiles of the checkout that this package is in, unless the environment names others.
    private static var profiles: String {
        ProcessInfo.processInfo.environment["PHASEWISE_PROFILES"]
            ?? URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../../../Profiles").standardizedFileURL
            .path
    }

    private static func fail(_ message: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        exit(status)
    }
}
