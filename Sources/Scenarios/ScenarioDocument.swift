public import Diagnostics
public import Profiles

/// A scenario's text as a tree, before anything is checked: what variants of a scenario are made from.
public struct ScenarioDocument: Sendable {
    public private(set) var root: YAMLNode
    /// The scenario's name if it does not state one.
    public var name: String
    /// What relative paths start from, except those given on the command line; empty for the working directory.
    public var folder: String

    public init(_ root: YAMLNode, name: String, folder: String = "") {
        self.root = root
        self.name = name
        self.folder = folder
    }

    /// Reads a scenario file and applies flags, then `--set` arguments in order.
    public init(path: String, flags: ScenarioBuilder = ScenarioBuilder(), overrides: [String] = []) throws(InputError) {
        var root = try YAMLNode.parse(try InputText.read(path), file: path)
        try flags.change(&root)
        try root.apply(overrides: overrides)
        let (folder, file) = splitPath(path)
        self.init(root, name: file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file, folder: folder)
    }

    /// Changes one field, addressed as `--set` addresses it. The value keeps its place, which messages about it name.
    public mutating func set(_ value: YAMLNode, at field: Located<String>) throws(InputError) {
        try root.set(value, at: field)
    }

    /// The same with a plain text as value.
    public mutating func set(_ text: String, at field: String) throws(InputError) {
        let place = SourceLocation(file: "--set \(field)", line: 1, column: 1)
        try root.set(YAMLNode(.scalar(text, isQuoted: false), at: place), at: Located(field, at: place))
    }

    /// Applies `--set` arguments in order.
    public mutating func apply(overrides: [String]) throws(InputError) { try root.apply(overrides: overrides) }

    public func resolve(in environment: ScenarioEnvironment) throws(InputError) -> ScenarioResolution {
        try ScenarioResolution.resolve(root, name: name, folder: folder, in: environment)
    }
}
