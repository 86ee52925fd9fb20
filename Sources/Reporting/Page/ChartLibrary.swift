/// The charting library of a page: Vega 5 as the modules that Debian's libjs-vega installs. It is inlined into the page,
/// and no part of this repository.
public struct ChartLibrary: Sendable {
    /// Every module that a page's charts need. A module is in the file `NAME.min.js`.
    public static let moduleNames = [
        "vega-util", "vega-time", "vega-format", "vega-loader", "vega-dataflow", "vega-statistics", "vega-scale",
        "vega-canvas", "vega-scenegraph", "vega-transforms", "vega-view-transforms", "vega-encode", "vega-expression",
        "vega-event-selector", "vega-selection", "vega-functions", "vega-runtime", "vega-parser", "vega-view",
    ]

    let modules: [(name: String, text: String)]
    let notice: String?

    /// - Parameters:
    ///   - modules: the texts of `moduleNames`, in that order.
    ///   - notice: the library's copyright and licence, which goes where the library goes.
    public init(modules: [String], notice: String?) {
        precondition(modules.count == Self.moduleNames.count, "\(modules.count) modules of a charting library")
        self.modules = zip(Self.moduleNames, modules).map { ($0, $1) }
        self.notice = notice
    }

    /// The library as script elements: each module is a function that the page's script calls when it is asked for.
    var html: String {
        var html = ""
        if let notice {
            html += "<script type=\"text/plain\" id=\"charting-library-notice\">\n\(inScript(notice))</script>\n"
        }
        html += "<script>const chartingLibrary = {};</script>\n"
        for (name, text) in modules {
            html += "<script>chartingLibrary[\"\(name)\"] = function (exports, module, require) {\n"
            html += inScript(withoutSourceMap(text)) + "\n};</script>\n"
        }
        return html
    }

    /// A source map is looked for beside the page, where there is none.
    private func withoutSourceMap(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("//# sourceMappingURL=") }.joined(separator: "\n")
    }

    /// Only the text of its end tag ends a script, and only that of a comment's start lets it go on beyond; in a string
    /// of JavaScript a backslash before `/` or `!` changes nothing.
    private func inScript(_ text: String) -> String {
        var result = ""
        var rest = text.utf8[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            let next = rest[start...].dropFirst()
            result += String(rest[...start])!
            let isTag = Substring(next.prefix(7)).lowercased() == "/script" || Substring(next.prefix(3)) == "!--"
            if isTag { result += "\\" }
            rest = next
        }
        return result + String(rest)!
    }
}
