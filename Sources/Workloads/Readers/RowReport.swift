internal import Diagnostics

/// What was found wrong in a file so far, with the line being read as the default place.
struct RowReport {
    let file: String
    var line = 1
    private(set) var found = DiagnosticCollector()
    private(set) var hasErrors = false
    /// Whether there are too many errors to go on.
    private(set) var isFull = false

    init(file: String) { self.file = file }

    /// Columns count bytes from 1 and leave a byte order mark out.
    func location(_ place: TextPlace) -> SourceLocation {
        SourceLocation(file: file, line: place.line, column: place.offset + 1)
    }

    mutating func error(at place: TextPlace, _ message: String, help: String? = nil) {
        found.error(at: location(place), message, help: help)
        (hasErrors, isFull) = (true, found.isFull)
    }

    mutating func warning(at place: TextPlace, _ message: String, help: String? = nil) {
        found.warning(at: location(place), message, help: help)
    }

    /// At a byte of the current line.
    mutating func error(at offset: Int, _ message: String, help: String? = nil) {
        error(at: TextPlace(line: line, offset: offset), message, help: help)
    }

}

/// Values from their text, or an error that says what is wrong with it.
extension RowReport {
    /// A count of tokens.
    mutating func tokens(_ text: UnsafeRawBufferPointer, of name: String, at place: TextPlace) -> Int? {
        do throws(DecimalText.Failure) {
            return try DecimalText.count(text)
        } catch {
            let fault =
                switch error {
                case .notANumber: "is not a whole number, expected a count of tokens"
                case .negative: "is negative, expected a count of tokens"
                case .tooLarge: "is too large, expected at most \(DecimalText.largestCount) tokens"
                }
            self.error(at: place, "\(name) \(quoted(text)) \(fault)")
            return nil
        }
    }

    /// Decimal seconds in nanoseconds, or with another `unit` a decimal number of those.
    mutating func seconds(
        _ text: UnsafeRawBufferPointer, of name: String, unit: TimeUnit = .seconds, at place: TextPlace
    ) -> Int64? {
        do throws(DecimalText.Failure) {
            return try DecimalText.nanoseconds(text, unit: unit.rawValue)
        } catch {
            let fault =
                switch error {
                case .notANumber: "is not a number, expected \(unit.name)"
                case .negative: "is negative, expected \(unit.name) from the start"
                case .tooLarge: "is too large, expected at most 4e9 seconds"
                }
            self.error(at: place, "\(name) \(quoted(text)) \(fault)")
            return nil
        }
    }

    /// Date, time, up to nine decimals and an optional zone, without which it is UTC.
    mutating func calendarTime(_ text: UnsafeRawBufferPointer, of name: String, at place: TextPlace) -> Int64? {
        if let time = CalendarText.nanoseconds(text) { return time }
        error(
            at: place,
            "\(name) \(quoted(text)) is not a date and time, expected YYYY-MM-DD HH:MM:SS[.fffffffff][+HH:MM]")
        return nil
    }
}

/// The unit in which a format counts time; the raw value is its number of decimals down to a nanosecond.
enum TimeUnit: Int {
    case nanoseconds = 0
    case milliseconds = 6
    case seconds = 9

    var name: String {
        switch self {
        case .nanoseconds: "nanoseconds"
        case .milliseconds: "milliseconds"
        case .seconds: "seconds"
        }
    }
}
