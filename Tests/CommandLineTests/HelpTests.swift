import Testing

@Suite("Help")
struct HelpTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test("every command explains itself with an example, on standard output")
    func examples() throws {
        for command in try commands() {
            let help = try sandbox.run(command + ["--help"])
            #expect(help.status == 0 && help.errors.isEmpty, "\(command)")
            #expect(help.output.contains("Example"), "\(command)")
            #expect(help.output.contains("\n  phasewise "), "\(command)")
        }
    }

    @Test("help texts are as they were reviewed")
    func goldens() throws {
        for command in try commands() {
            let name = (["phasewise"] + command).joined(separator: "-")
            try expectGolden(try sandbox.run(command + ["--help"]).output, "help/\(name).txt")
        }
    }

    @Test("no line of help is wider than 80 columns, usage lines and examples to copy aside")
    func width() throws {
        for command in try commands() {
            for line in try sandbox.run(command + ["--help"]).output.split(separator: "\n")
            where !line.hasPrefix("USAGE:") { #expect(line.count <= 80, "\(command): \(line)") }
        }
    }

    @Test("the version is one line", arguments: [["--version"], ["compare", "--version"]])
    func version(arguments: [String]) throws {
        let outcome = try sandbox.run(arguments)
        #expect(outcome.status == 0)
        #expect(outcome.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(outcome.output)")
    }

    /// All commands, found in the help texts themselves; the program without a command is the empty one.
    private func commands(below command: [String] = []) throws -> [[String]] {
        let help = try sandbox.run(command + ["--help"]).output
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(of: "SUBCOMMANDS:") else { return [command] }
        let names = lines[(start + 1)...].prefix { !$0.isEmpty }.compactMap { line -> String? in
            guard line.hasPrefix("  "), !line.hasPrefix("   ") else { return nil }
            return line.split(separator: " ").first.map { String($0.prefix { $0 != "," }) }
        }
        return try [command] + names.flatMap { try commands(below: command + [$0]) }
    }
}
