/// A chart of the page: a question, the query that answers it, and which column of the answer goes where. The table of
/// the answer is the chart's only data.
struct PageChart {
    enum Kind: String {
        /// Lines over a number.
        case lines
        /// Lines that keep their value up to the next point.
        case steps
        /// Stacked bars, one for each value of `x`.
        case bars
        /// Points, with a line through those whose column `front` is 1.
        case points
        /// A table alone.
        case table
    }

    var id: String
    var title: String
    /// What to look for, in a sentence or two.
    var note: String
    var kind: Kind
    var x = ""
    var xTitle = ""
    /// One column, or several that are lines (or parts of a bar) of their own.
    var y: [String] = []
    /// Heads the chart where `panel` does not.
    var yTitle = ""
    var series: String?
    var panel: String?
    /// Columns of a confidence interval.
    var band: (low: String, high: String)?
    /// The reader picks one value of this column.
    var pick: String?
    var isLogX = false
    var isLogY = false
    var hasPoints = false
    /// A column whose text marks an instant.
    var rule: String?
    /// Without the list of runs, which is put in front.
    var query: String
    /// Said in the place of an empty chart.
    var ifEmpty = "Nothing of this is stored with these runs."
}
