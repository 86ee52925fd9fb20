internal import Yams

/// The one YAML document or JSON value of a text; `nil` for an empty text. What a plain word means is for the reader of the
/// value: to guess types takes a regular expression for each, nor is the environment asked for an encoding.
func yamlTree(_ text: String) throws -> Node? {
    // Nothing is constructed from the nodes.
    try Yams.compose(yaml: text, .basic, Constructor([:], [:], [:]), .utf8)
}
