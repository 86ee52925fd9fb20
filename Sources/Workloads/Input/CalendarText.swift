/// Dates and times of day from bytes, as integers: a `Double` of seconds since 1970 cannot hold 100 ns.
enum CalendarText {
    /// Nanoseconds since 1970-01-01 UTC of `YYYY-MM-DD HH:MM:SS`, optionally with one to nine decimals and a zone
    /// (`Z` or `±HH:MM`; none is UTC). A `T` may stand between date and time. `nil` for anything else, for days that
    /// do not exist, and outside 1970…2199.
    static func nanoseconds(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        var position = 0
        let time = nanoseconds(bytes, at: &position)
        return position == bytes.count ? time : nil
    }

    /// The same at `position`, which then is behind it; what follows may be anything.
    static func nanoseconds(_ bytes: UnsafeRawBufferPointer, at position: inout Int) -> Int64? {
        guard let seconds = wholeSeconds(bytes, at: &position) else { return nil }
        var fraction: Int64 = 0
        if position < bytes.count, bytes[position] == 0x2E {
            position += 1
            let first = position
            while position < bytes.count, DecimalText.isDigit(bytes[position]) {
                fraction = fraction &* 10 &+ Int64(bytes[position] &- 0x30)
                position += 1
            }
            let decimals = position - first
            guard decimals >= 1, decimals <= 9 else { return nil }
            fraction *= powerOfTen(9 - decimals)
        }
        guard let zone = zoneSeconds(bytes, at: &position) else { return nil }
        return (seconds - zone) * 1_000_000_000 + fraction
    }

    private static func wholeSeconds(_ bytes: UnsafeRawBufferPointer, at position: inout Int) -> Int64? {
        let start = position
        guard bytes.count - start >= 19, bytes[start + 4] == 0x2D, bytes[start + 7] == 0x2D,
            bytes[start + 10] == 0x20 || bytes[start + 10] == 0x54, bytes[start + 13] == 0x3A,
            bytes[start + 16] == 0x3A,
            let century = twoDigits(bytes, start), let yearOfCentury = twoDigits(bytes, start + 2),
            let month = twoDigits(bytes, start + 5), let day = twoDigits(bytes, start + 8),
            let hour = twoDigits(bytes, start + 11), let minute = twoDigits(bytes, start + 14),
            let second = twoDigits(bytes, start + 17)
        else { return nil }
        let year = century * 100 + yearOfCentury
        guard year >= 1970, year < 2200, month >= 1, month <= 12, day >= 1, day <= days(in: month, year), hour < 24,
            minute < 60, second < 60
        else { return nil }
        position = start + 19
        return Int64(((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
    }

    /// 0 where there is no zone.
    private static func zoneSeconds(_ bytes: UnsafeRawBufferPointer, at position: inout Int) -> Int64? {
        guard position < bytes.count else { return 0 }
        switch bytes[position] {
        case 0x5A:
            position += 1
            return 0
        case 0x2B, 0x2D:
            guard bytes.count - position >= 6, bytes[position + 3] == 0x3A, let hours = twoDigits(bytes, position + 1),
                let minutes = twoDigits(bytes, position + 4), hours < 24, minutes < 60
            else { return nil }
            let isWest = bytes[position] == 0x2D
            position += 6
            return Int64(hours * 60 + minutes) * (isWest ? -60 : 60)
        default: return 0
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
