import Diagnostics
import Profiles
import Testing

@Suite("YAML with places")
struct YAMLReaderTests {
    /// Reads a mapping with an int, a number, a choice and a list, and returns what was found wrong.
    private func problems(in text: String) -> [String] {
        do throws(InputError) {
            let findings = Findings()
            let root = try YAMLNode.parse(text, file: "f")
            if var keys = YAMLReader(root, "a test", findings) {
                _ = keys.optional("count", .int(in: 1...100))
                _ = keys.optional("rate", .number(above: 0))
                _ = keys.optional("colour", .word("a colour", of: ["red", "green", "blue"]))
                _ = keys.optional("caps", .list(of: .number(in: 1...100), count: 2))
                _ = keys.optional("on", .bool)
                keys.finish()
            }
            try findings.throwIfAny()
            return []
        } catch { return error.diagnostics.map(\.description) }
    }

    @Test(
        "a malformed text is reported at its place",
        arguments: [
            ("", "f:1:1: error: found an empty file"),
            ("just words", "f:1:1: error: found \"just words\", expected a test as a mapping"),
            ("- 1", "f:1:1: error: found a list, expected a test as a mapping"),
            ("count: two", "f:1:8: error: count: found \"two\", expected a whole number from 1 to 100"),
            ("count: 0", "f:1:8: error: count: found \"0\""),
            ("count: 1.5", "f:1:8: error: count: found \"1.5\""),
            ("count: \"5\"", "f:1:8: error: count: found the string \"5\""),
            ("count: 99999999999999999999", "f:1:8: error: count: found \"99999999999999999999\""),
            ("count: [1]", "f:1:8: error: count: found a list"),
            ("rate: -1", "f:1:7: error: rate: found \"-1\", expected a number above 0"),
            ("rate: 0x10", "f:1:7: error: rate: found \"0x10\""),
            ("rate: nan", "f:1:7: error: rate: found \"nan\""),
            ("rate: 1e999", "f:1:7: error: rate: found \"1e999\""),
            ("on: yes", "f:1:5: error: on: found \"yes\", expected true or false"),
            (
                "colour: gren",
                "f:1:9: error: colour: found \"gren\", expected a colour: red, green, blue\n    help: did you mean \"green\"?"
            ),
            ("caps: 5", "f:1:7: error: caps: found \"5\", expected a list of 2 values"),
            ("caps: [5]", "f:1:7: error: caps: found a list, expected a list of 2 values"),
            ("caps: [5, 200]", "f:1:11: error: caps[1]: found \"200\", expected a number from 1 to 100"),
            ("cont: 1", "f:1:1: error: found the unknown key \"cont\" in a test\n    help: did you mean \"count\"?"),
            ("completely_other: 1", "help: known keys: count, rate, colour, caps, on"),
            ("count: 1\non: true\ncount: 2", "f:1:1: error: found the key \"count\" more than once"),
            ("a: b: c", "f:1:5: error: not YAML or JSON: mapping values are not allowed"),
            ("count: [1", "f:1:10: error: not YAML or JSON"),
            ("count: *x", "f:1:8: error: not YAML or JSON: found undefined alias"),
            ("count: [1\n", "f:2:1: error: not YAML or JSON"),
            ("[a, b]: 1", "f:1:1: error: found a key that is not a word"),
            ("count: 1\n---\ncount: 2", "f:2:1: error: not YAML or JSON"),
            ("count: \u{1}", "f:1:8: error: not a text"),
            // Columns are bytes: ü is two of them, 速 three, the emoji four.
            ("{colour: \"ü速😀\", count: x}", "f:1:30: error: count: found \"x\""),
            ("on: true # 速\r\ncolour: red\r\ncount: x", "f:3:8: error: count: found \"x\""),
        ])
    func malformed(text: String, expected: String) {
        let problems = problems(in: text)
        #expect(problems.contains { $0.contains(expected) }, "\(problems)")
    }

    @Test("whole numbers may be written with an exponent, numbers without a point")
    func numbers() {
        #expect(problems(in: "{count: 1e2, rate: 450e9, on: false, caps: [1, 99.5]}").isEmpty)
    }

    @Test("a key that is null counts as absent")
    func null() {
        #expect(problems(in: "count:\nrate: null\ncolour: ~").isEmpty)
    }

    @Test("several problems are reported together, from top to bottom")
    func together() {
        let found = problems(in: "caps: 1\nwrong: 1\ncount: x")
        #expect(found.map { $0.prefix(4) } == ["f:1:", "f:2:", "f:3:"])
    }

    @Test("no more than twenty problems are reported")
    func limit() {
        let text = (1...50).map { "key\($0): 1" }.joined(separator: "\n")
        #expect(problems(in: text).count == 20)
    }

    @Test("aliases that multiply are stopped")
    func aliases() {
        var text = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n"
        for level in 1...8 {
            let alias = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
        }
        #expect(problems(in: text).contains { $0.contains("aliases that expand") })
    }

    @Test("deep nesting is an error", arguments: [300, 5_000, 200_000])
    func nesting(depth: Int) {
        #expect(!problems(in: String(repeating: "[", count: depth)).isEmpty)
        #expect(!problems(in: String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).isEmpty)
    }

    @Test(
        "a written node reads back as the same content",
        arguments: [
            "plain", "", "two words", " spaced ", "- dash", "a: b", "a #b", "quo\"te", "back\\slash", "tab\tnew\nline",
            "null",
            "~", "[1]", "{", "*x", "&y", "!z", "%", "@", "`", "速度 ü", "emoji 😀", "\u{85}\u{2028}\u{FEFF}", "'", "1e5",
            "-5", "-",
        ])
    func writing(scalar: String) throws {
        let place = SourceLocation(file: "f", line: 1, column: 1)
        let node = YAMLNode(.scalar(scalar, isQuoted: true), at: place)
        let plain = YAMLNode(.scalar(scalar, isQuoted: false), at: place)
        let list = YAMLNode(.sequence([node, plain, YAMLNode(.sequence([]), at: place)]), at: place)
        let map = YAMLNode(
            .mapping([
                .init(key: scalar, keyLocation: place, value: node), .init(key: "k", keyLocation: place, value: list),
                .init(key: "n", keyLocation: place, value: YAMLNode(.sequence([list, list, node]), at: place)),
                .init(key: "e", keyLocation: place, value: YAMLNode(.mapping([]), at: place)),
            ]), at: place)
        let whole = YAMLNode(
            .mapping([
                .init(key: "top", keyLocation: place, value: YAMLNode(.sequence([map, map]), at: place)),
                .init(key: "other", keyLocation: place, value: map),
            ]), at: place)
        let again = try YAMLNode.parse(whole.text, file: "f")
        #expect(scalars(in: again) == scalars(in: whole), "\(whole.text)")
    }

    /// All keys and scalars in order, with marks for structure.
    private func scalars(in node: YAMLNode) -> [String] {
        switch node.content {
        case .scalar(let text, _): [text]
        case .sequence(let items): ["["] + items.flatMap(scalars) + ["]"]
        case .mapping(let entries): ["{"] + entries.flatMap { [$0.key] + scalars(in: $0.value) } + ["}"]
        }
    }
}
