internal import EventKernel
internal import Foundation
internal import Workloads

/// Passes requests on and tells a waiting user how far the run is: nothing in the first second, nothing if standard
/// error is no terminal.
struct ProgressSource<Source: RequestSource>: RequestSource {
    private var source: Source
    private let label: String
    private let total: Int
    private let started = Date()
    private let isShown: Bool
    private var count = 0
    private var nextLook = 0
    private var lastShown: Date?

    init(_ source: Source, label: String, total: Int, isQuiet: Bool) {
        self.source = source
        self.label = label
        self.total = total
        isShown = Self.isShown(isQuiet: isQuiet)
    }

    static func isShown(isQuiet: Bool) -> Bool { !isQuiet && Terminal.errorIsTerminal }

    var reacts: Bool { source.reacts }
    mutating func finished(_ request: Int, at time: SimulationTime) { source.finished(request, at: time) }
    mutating func takeBack(_ request: Request) { source.takeBack(request) }
    var blockFormat: BlockFormat? { source.blockFormat }
    func blockIDs(of request: Int) -> ArraySlice<UInt32> { source.blockIDs(of: request) }

    mutating func next() throws -> Request? {
        let request = try source.next()
        if isShown {
            count += 1
            if count >= nextLook { look() }
            if request == nil, lastShown != nil { Terminal.overwrite("") }
        }
        return request
    }

    /// Looks at the clock every few thousand requests and speaks four times a second.
    private mutating func look() {
        nextLook = count + 2_000
        let now = Date()
        let elapsed = now.timeIntervalSince(started)
        guard elapsed > 1, lastShown.map({ now.timeIntervalSince($0) > 0.25 }) ?? true else { return }
        lastShown = now
        let rate = Double(count) / elapsed
        let left = Int((Double(max(0, total - count)) / rate).rounded(.up))
        Terminal.overwrite("\(label): \(count) of \(total) requests, \(Int(rate))/s, \(left) s left")
    }
}
