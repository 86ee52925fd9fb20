internal import CostModels

extension ServingRun {
    /// The shape of each prefill step: the engine is first come, first served with whole prompts, so that the steps take
    /// the requests in order.
    /// - Returns: `nil` where the steps do not add up to the requests.
    func prefillShapes() -> [IterationShape]? {
        var shapes: [IterationShape] = []
        var next = 0
        for step in steps(.prefill) {
            guard next + step.sequences <= requests.count else { return nil }
            var shape = IterationShape.empty
            for request in requests[next..<next + step.sequences] {
                shape.addPrefill(tokens: request.promptTokens, cached: 0, completes: true)
            }
            guard shape.prefillTokens == step.tokens else { return nil }
            next += step.sequences
            shapes.append(shape)
        }
        return next == requests.count ? shapes : nil
    }
}

extension ServingRun.Step {
    /// Of a decode step.
    var decodeShape: IterationShape { .decode(sequences: sequences, contextTokens: tokens) }
}

/// A stretch of time in which a decode and a prefill step were both in flight.
struct StepOverlap {
    /// Indices into the steps of each phase.
    var decode: Int
    var prefill: Int
    var seconds: Double

    /// In order of decode steps, then of prefill steps. Steps of one phase do not overlap. O(steps + overlaps).
    static func all(decodes: [ServingRun.Step], prefills: [ServingRun.Step]) -> [StepOverlap] {
        var overlaps: [StepOverlap] = []
        var first = 0
        for (index, decode) in decodes.enumerated() {
            while first < prefills.count, prefills[first].end <= decode.start { first += 1 }
            var position = first
            while position < prefills.count, prefills[position].start < decode.end {
                let seconds = min(decode.end, prefills[position].end) - max(decode.start, prefills[position].start)
                overlaps.append(StepOverlap(decode: index, prefill: position, seconds: seconds))
                position += 1
            }
        }
        return overlaps
    }
}
