/// The members of one object that a format knows, whatever their order; others are passed over.
struct JSONRecord {
    enum Role {
        case arrival(TimeUnit)
        case prompt, output
        /// Text whose tokens nobody has counted.
        case promptText
        case requestClass
        case blockIDs
        /// For the parser to read.
        case own
    }

    struct Key {
        var name: String
        var role: Role
        var isRequired = true
    }

    let keys: [Key]
    private(set) var start = TextPlace()
    private var found: UInt32 = 0
    private var isGood = true

    init(_ keys: [Key]) {
        precondition(keys.count <= 32, "\(keys.count) keys")
        self.keys = keys
    }

    /// Enters the object that comes next. Whether there is one; something else is reported and passed over.
    mutating func enter(_ scanner: inout JSONScanner, report: inout RowReport) throws(JSONFault) -> Bool {
        let kind = try scanner.kind()
        start = scanner.place
        found = 0
        isGood = true
        guard kind == .object else {
            report.error(at: start, "found \(kind?.name ?? "nothing"), expected an object")
            try scanner.skipValue()
            return false
        }
        try scanner.enter()
        return true
    }

    /// Moves to the next member with a known key and returns the key's index; `nil` at the end of the object.
    mutating func nextKnown(_ scanner: inout JSONScanner) throws(JSONFault) -> Int? {
        while try scanner.nextKey() {
            if let index = keys.firstIndex(where: { $0.name.utf8.elementsEqual(scanner.text) }) {
                found |= 1 << UInt32(index)
                return index
            }
            try scanner.skipValue()
        }
        return nil
    }

    func has(_ name: String) -> Bool { keys.indices.contains { keys[$0].name == name && found >> UInt32($0) & 1 == 1 } }

    /// Whether the object, read to its end, is a request: all that is required was there and well-formed.
    mutating func isComplete(_ report: inout RowReport) -> Bool {
        let missing = keys.indices.filter { keys[$0].isRequired && found >> UInt32($0) & 1 == 0 }.map { keys[$0].name }
        if !missing.isEmpty {
            let all = keys.filter(\.isRequired).map { "\"\($0.name)\"" }.joined(separator: ", ")
            report.error(at: start, "no \"\(missing[0])\", expected an object with \(all)")
        }
        return isGood && missing.isEmpty
    }

    /// Reads the value of a key into the row. `classes` is for a format that has a key for one.
    mutating func take(
        _ index: Int, _ scanner: inout JSONScanner, into row: inout TraceRow, classes: inout ClassNames,
        report: inout RowReport
    ) throws(JSONFault) {
        let name = keys[index].name
        let kind = try scanner.kind()
        let place = scanner.place
        switch keys[index].role {
        case .arrival(let unit):
            row.arrivalPlace = place
            set(&row.nanoseconds, try scanner.time(name, unit, kind, &report))
        case .prompt:
            row.promptPlace = place
            set(&row.promptTokens, try scanner.tokens(name, kind, &report))
        case .output:
            row.outputPlace = place
            set(&row.outputTokens, try scanner.tokens(name, kind, &report))
        case .promptText:
            row.promptPlace = place
            set(&row.promptTokens, try scanner.estimatedTokens(name, kind, &report))
        case .requestClass:
            let text = try scanner.name(name, kind, &report)
            set(&row.classIndex, text.flatMap { classes.index(of: $0, at: place, report: &report) })
        case .blockIDs:
            if !(try scanner.blockIDs(name, kind, into: &row.blockIDs, &report)) { isGood = false }
        case .own: preconditionFailure("\(name) is for the parser to read")
        }
    }

    private mutating func set<Value>(_ target: inout Value, _ value: Value?) {
        if let value { target = value } else { isGood = false }
    }

    /// Marks the object as no request, for a reason that has been reported.
    mutating func refuse() { isGood = false }
}

extension JSONScanner.Kind {
    var name: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .literal: "true, false or null"
        }
    }
}
