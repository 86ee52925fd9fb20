/// Dates and times of day from bytes, as integers: a `Double` of seconds since 1970 cannot hold 100 ns.
enum CalendarText {
    /// Nanoseconds since 1970-01-01 UTC of `YYYY-MM-DD HH:MM:SS`, optionally with one to nine decimals and a zone
    /// (`Z` or `±HH:MM`; none is UTC). A `T` may stand between date and time. `nil` for anything else, for days that
    /// do not exist, and outside 1970…2199.
    static func nanoseconds(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        guard bytes.count >= 19, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] == 0x20 || bytes[10] == 0x54,
            bytes[13] == 0x3A, bytes[16] == 0x3A,
            let century = twoDigits(bytes, 0), let yearOfCentury = twoDigits(bytes, 2), let month = twoDigits(bytes, 5),
            let day = twoDigits(bytes, 8), let hour = twoDigits(bytes, 11), let minute = twoDigits(bytes, 14),
            let second = twoDigits(bytes, 17)
        else { return nil }
        let year = century * 100 + yearOfCentury
        guard year >= 1970, year < 2200, month >= 1, month <= 12, day >= 1, day <= days(in: month, year), hour < 24,
            minute < 60, second < 60
        else { return nil }
        let seconds = ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second

        var position = 19
        var fraction: Int64 = 0
        if position < bytes.count, bytes[position] == 0x2E {
            position += 1
            let first = position
            while position < bytes.count, DecimalText.isDigit(bytes[position]) {
                fraction = fraction &* 10 &+ Int64(bytes[position] &- 0x30)
                position += 1
                if position - first > 9 { return nil }
            }
            if position == first { return nil }
            fraction *= powersOfTen(9 - (position - first))
        }
        guard let zone = zoneSeconds(bytes, from: position) else { return nil }
        return Int64(seconds - zone) * 1_000_000_000 + fraction
    }

    private static func zoneSeconds(_ bytes: UnsafeRawBufferPointer, from position: Int) -> Int? {
        switch bytes.count - position {
        case 0: return 0
        case 1: return bytes[position] == 0x5A ? 0 : nil
        case 6:
            guard bytes[position] == 0x2B || bytes[position] == 0x2D, bytes[position + 3] == 0x3A,
                let hours = twoDigits(bytes, position + 1), let minutes = twoDigits(bytes, position + 4), hours < 24,
                minutes < 60
            else { return nil }
            return (hours * 60 + minutes) * 60 * (bytes[position] == 0x2D ? -1 : 1)
        default: return nil
        }
    }

    @inline(__always)
    private static func twoDigits(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int? {
        let (tens, ones) = (Int(bytes[position]) &- 0x30, Int(bytes[position &+ 1]) &- 0x30)
        return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens &* 10 &+ ones : nil
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func days(in month: Int, _ year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The Gregorian calendar with March as the first month, so that a leap day is the last of its year: the days
    /// before a month are then (153·m + 2) / 5 rounded down.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let marchYear = month > 2 ? year : year - 1
        let monthFromMarch = (month + 9) % 12
        let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
        return marchYear * 365 + leapDays + (153 * monthFromMarch + 2) / 5 + day - 1 - 719_468
    }
}
