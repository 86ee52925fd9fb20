internal import ArgumentParser
internal import CostModels
internal import Diagnostics
internal import Foundation
internal import Profiles

struct ShowProfile: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Says what the kernel tables of a device believe about a product, from which points.",
        discussion: """
            Example:
              phasewise profile show h200-sxm --gemm 4096x14336 --sms 64
            """)

    @Argument(help: "Device with kernel tables.") var device: String
    @Option(help: "The product [M, K]·[K, N], as NxK.") var gemm: String
    @Option(help: "SMs that it runs on. Default: all.") var sms: Int?
    @Option(help: "Rows M that the plot against SMs is for.") var m = 2048
    @Option(help: "burst or sustained.") var state = PowerState.burst
    @Option(help: "Folder of profiles, before the default ones.") var profiles: String?

    private static let plotWidth = 60.0

    func run() throws {
        let workspace = try Workspace(profiles: profiles)
        let profile = try workspace.catalog.device(device).value
        let tables = try workspace.requiredTables(of: profile)
        let sides = gemm.split(separator: "x").compactMap { Int($0) }
        guard sides.count == 2, sides.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--gemm \(gemm): expected NxK, as in 4096x14336")
        }
        let (n, k, total) = (sides[0], sides[1], profile.streamingMultiprocessors)
        guard (1...total).contains(sms ?? total) else {
            throw ValidationError("--sms \(sms ?? total): expected 1 to \(total)")
        }
        func curve(_ sms: Int) -> MeasuredCurve? {
            tables.product(
                n: n, k: k, sms: sms, state: state,
                bound: GEMMBound(device: profile, reads: tables.reads, sms: sms))
        }
        guard let shown = curve(sms ?? total), let nearest = tables.gemm.nearestShape(n: n, k: k) else {
            throw InputError(at: nil, "the tables of \(profile.id) hold no products")
        }
        let measured = tables.gemm.measuredSMs(n: n, k: k)
        try Terminal.say("product [M, \(k)]·[\(k), \(n)] on \(profile.id), \(state.rawValue)")
        if nearest != (n, k) {
            try Terminal.say("not measured: the utilisation of N \(nearest.n), K \(nearest.k) is held")
        }
        try Terminal.say("measured at \(measured.map(String.init).joined(separator: ", ")) SMs")
        try Terminal.say("")
        try Terminal.say("on \(sms ?? total) SMs, \(shown.origin.rawValue) at its points, linear between them:")
        for (size, seconds) in zip(shown.sizes, shown.seconds) {
            let rate = 2 * size * Double(n) * Double(k) / seconds / 1e12
            try Terminal.say(
                "  M \(padded("\(Int(size))", 6)) \(padded(text(seconds * 1e6), 10)) us \(padded(text(rate), 8)) TFLOP/s"
            )
        }
        try Terminal.say("")
        try Terminal.say("M \(m) against SMs (* measured there, o from its neighbours):")
        let step = profile.smPartitionGranularity
        let counts = Set(Array(stride(from: step, to: total, by: step)) + measured + [total, sms ?? total]).sorted()
        let times = counts.map { curve($0)!.price(at: Double(m)).seconds }
        let longest = times.max()!
        for (count, seconds) in zip(counts, times) {
            let mark = measured.contains(count) ? "*" : "o"
            let bar = String(repeating: " ", count: Int((seconds / longest * Self.plotWidth).rounded())) + mark
            try Terminal.say("  \(padded("\(count)", 4)) \(padded(text(seconds * 1e6), 10)) us |\(bar)")
        }
    }

    private func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
