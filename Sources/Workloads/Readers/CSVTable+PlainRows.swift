/// Nearly all rows of a trace are digits and commas, and are read in one pass that looks for nothing else.
extension CSVTable {
    /// How a column of a plain row is read.
    enum Kind {
        case seconds, calendar, prompt, output, requestClass, tenant, notUsed, always
    }

    /// Reads a row whose numbers are digits with at most a point, and whose texts have no quotes and no blanks behind them.
    /// The number of its bytes with the line end, or 0 for any other row, for which `parse` is; `row` then holds a part.
    ///
    /// - Parameter start: of the row in bytes with `LineReader.zerosBehind` zeros behind them.
    @inline(__always)
    mutating func takePlain(_ start: UnsafeRawPointer, line: Int, into row: inout TraceRow) -> Int {
        var next = start
        for column in kinds.indices {
            while isBlank(next.load(as: UInt8.self)) { next += 1 }
            let place = TextPlace(line: line, offset: next - start)
            switch kinds[column] {
            case .seconds:
                guard let nanoseconds = Self.plainSeconds(&next) else { return 0 }
                (row.nanoseconds, row.arrivalPlace) = (nanoseconds, place)
            case .calendar:
                guard let nanoseconds = Self.plainCalendarTime(&next) else { return 0 }
                (row.nanoseconds, row.arrivalPlace) = (nanoseconds, place)
            case .prompt:
                guard let count = Self.plainCount(&next) else { return 0 }
                (row.promptTokens, row.promptPlace) = (count, place)
            case .output:
                guard let count = Self.plainCount(&next) else { return 0 }
                (row.outputTokens, row.outputPlace) = (count, place)
            case .requestClass, .tenant, .notUsed, .always:
                guard takePlainText(&next, column, into: &row) else { return 0 }
            }
            let separator = next.load(as: UInt8.self)
            next += 1
            if column < kinds.count &- 1 {
                guard separator == 0x2C else { return 0 }
            } else if separator == 0x0D, next.load(as: UInt8.self) == 0x0A {
                next += 1
            } else if separator != 0x0A {
                return 0
            }
        }
        giveGroup(to: &row)
        return next - start
    }

    /// One to eight digits.
    @inline(__always)
    private static func plainCount(_ next: inout UnsafeRawPointer) -> Int? {
        let digits = DigitRun(at: next)
        guard digits.count > 0 else { return nil }
        next += digits.count
        return Int(digits.value)
    }

    /// One to eight digits, perhaps a point, and at most nine more, as nanoseconds.
    @inline(__always)
    private static func plainSeconds(_ next: inout UnsafeRawPointer) -> Int64? {
        let whole = DigitRun(at: next)
        guard whole.count > 0 else { return nil }
        next += whole.count
        let nanoseconds = whole.value &* 1_000_000_000
        guard next.load(as: UInt8.self) == 0x2E else { return nanoseconds }
        next += 1
        let fraction = DigitRun(at: next)
        guard fraction.count > 0 else { return nanoseconds }
        next += fraction.count
        guard fraction.count == 8 else { return nanoseconds &+ fraction.value &* powerOfTen(9 &- fraction.count) }
        let last = next.load(as: UInt8.self) &- 0x30
        guard last <= 9 else { return nanoseconds &+ fraction.value &* 10 }
        // Were it not the last, no comma would follow.
        next += 1
        return nanoseconds &+ fraction.value &* 10 &+ Int64(last)
    }

    private static func plainCalendarTime(_ next: inout UnsafeRawPointer) -> Int64? {
        // Longer than the longest that there is.
        let text = UnsafeRawBufferPointer(start: next, count: LineReader.zerosBehind)
        var position = 0
        guard let time = CalendarText.nanoseconds(text, at: &position) else { return nil }
        next += position
        return time
    }

    /// Text without quotes, to the comma or the line end behind it.
    @inline(never)
    private mutating func takePlainText(_ next: inout UnsafeRawPointer, _ column: Int, into row: inout TraceRow) -> Bool
    {
        var end = next
        while true {
            switch end.load(as: UInt8.self) {
            case 0x2C, 0x0A: break
            case 0, 0x0D, 0x22: return false
            default:
                end += 1
                continue
            }
            break
        }
        if end > next, isBlank((end - 1).load(as: UInt8.self)) { return false }
        let text = UnsafeRawBufferPointer(start: next, count: end - next)
        next = end
        switch columns.roles[column] {
        case .requestClass:
            guard let index = groups.classes.index(ofKnown: text) else { return false }
            row.classIndex = index
        case .tenant:
            guard let index = groups.tenants.index(ofKnown: text) else { return false }
            row.tenantIndex = index
        case .always(let only):
            return text.elementsEqual(UnsafeBufferPointer(start: only.utf8Start, count: only.utf8CodeUnitCount))
        case .notUsed, .arrival, .prompt, .output: break
        }
        return true
    }
}
