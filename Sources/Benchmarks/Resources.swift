import Foundation

/// Time and memory of this process and of those it has waited for.
struct Resources {
    /// Seconds of all processors, in the user's and the system's service.
    var processorSeconds: Double
    var wallSeconds: Double

    static var now: Resources {
        var (own, children, wall) = (rusage(), rusage(), timespec())
        getrusage(Self.own, &own)
        getrusage(Self.children, &children)
        clock_gettime(CLOCK_MONOTONIC, &wall)
        let processor = [own.ru_utime, own.ru_stime, children.ru_utime, children.ru_stime]
            .reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        return Resources(
            processorSeconds: processor, wallSeconds: Double(wall.tv_sec) + Double(wall.tv_nsec) / 1e9)
    }

    static func - (a: Self, b: Self) -> Self {
        Resources(
            processorSeconds: a.processorSeconds - b.processorSeconds, wallSeconds: a.wallSeconds - b.wallSeconds)
    }

    static var peakMegabytes: Double {
        var usage = rusage()
        getrusage(own, &usage)
        return megabytes(usage.ru_maxrss)
    }

    /// Of a `ru_maxrss`.
    static func megabytes(_ size: Int) -> Double {
        #if canImport(Darwin)
            Double(size) / 1e6
        #else
            Double(size) * 1024 / 1e6
        #endif
    }

    #if canImport(Darwin)
        private static var own: Int32 { RUSAGE_SELF }
        private static var children: Int32 { RUSAGE_CHILDREN }
    #else
        private static var own: Int32 { RUSAGE_SELF.rawValue }
        private static var children: Int32 { RUSAGE_CHILDREN.rawValue }
    #endif

    static var machine: String {
        let processors = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = processors.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = model.flatMap { $0.split(separator: ":").last } ?? "unknown processor"
        return name.trimmingCharacters(in: .whitespaces)
    }
}

/// Integer arithmetic that waits for itself: a step is two multiplications and three shifts, about twelve cycles.
enum Calibration {
    static let steps = 50_000_000

    /// Goes on from the end of an earlier run, so that no run can be moved out of what is measured.
    static func run(from start: UInt64) -> UInt64 {
        var state = start
        for _ in 0..<steps {
            state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
            state ^= state >> 31
        }
        return state
    }
}
