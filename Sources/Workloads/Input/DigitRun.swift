/// The digits that a text begins with, up to eight of them, found and read eight bytes at once.
struct DigitRun: BitwiseCopyable {
    /// Eight also where more follow.
    let count: Int
    private let digits: UInt64

    /// - Precondition: eight bytes from `start` on may be read.
    @inline(__always)
    init(at start: UnsafeRawPointer) {
        digits = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self)) ^ 0x3030_3030_3030_3030
        // Bytes above nine: their lower seven bits reach the eighth when 118 is added, or it is set already.
        let others = ((digits & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7676_7676_7676_7676 | digits) & 0x8080_8080_8080_8080
        count = others.trailingZeroBitCount / 8
    }

    /// The number that they are. - Precondition: there is at least one.
    @inline(__always)
    var value: Int64 {
        // The first digit is in the lowest byte. Moved to the upper end, with zeros before them: to pairs, to fours, to all.
        let eight = digits &<< UInt64(truncatingIfNeeded: 64 &- 8 &* count)
        let pairs = (eight &* (10 << 8 | 1)) >> 8 & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* (100 << 16 | 1)) >> 16 & 0x0000_FFFF_0000_FFFF
        return Int64(truncatingIfNeeded: (fours &* (10_000 << 32 | 1)) >> 32)
    }
}
