/// Something to be measured against a bar.
struct Benchmark {
    enum Bar {
        /// So many of the unit a second or more.
        case perSecond(Double, unit: String)
        /// So many seconds or fewer, and if given so much memory or less.
        case seconds(Double, megabytes: Double? = nil)
    }

    /// What one repetition did.
    struct Done {
        /// In the unit of the bar.
        var count: Int
        /// Peak memory of the process that did it, if it was one of its own.
        var megabytes: Double?
    }

    var name: String
    /// Requests, rows or whatever else the work consists of.
    var size: Int
    var bar: Bar
    var repetitions = 9
    /// Makes everything that is not to be measured for a size; the closure then does the work once.
    var prepare: (_ size: Int) throws -> () throws -> Done

    /// Everything that has a bar. Processes first: their peak of memory begins at that of who starts them.
    static var all: [Benchmark] { processes + serving + stepping + [cluster] + files }
}
