internal import EventKernel

/// Decode lines of one model on one number of SMs, by number of sequences: every batch has a line for each stretch of
/// Σ context between two points of the attention table.
struct TableDecodeLines: Sendable {
    private struct Segment: BitwiseCopyable {
        /// Σ context from which the line holds, up to the start of the next one.
        let start: Int
        let fixed: Work
        let perContextToken: Work
    }

    let maxSequences: Int
    private var segments: [Segment] = []
    /// Where the segments of each batch begin; one more than batches.
    private var offsets = [0]

    init(_ kernels: TableKernels, runtime: RuntimeProfile, sequences: ClosedRange<Int>) {
        first = sequences.lowerBound
        maxSequences = sequences.upperBound
        for count in sequences {
            append(kernels, runtime: runtime, sequences: count)
            offsets.append(segments.count)
        }
    }

    private let first: Int

    /// O(points of the attention table), about ten.
    func line(sequences: Int, contextTokens context: Int) -> DecodeCostLine {
        let index = sequences - first
        var i = offsets[index]
        while i + 1 < offsets[index + 1], segments[i + 1].start <= context { i += 1 }
        // What the other lane feels changes with the segment, so that segments stay short.
        let short = DecodeTable.segment(of: context)
        let last = i + 1 < offsets[index + 1] ? segments[i + 1].start - 1 : short.upperBound
        return DecodeCostLine(
            fixed: segments[i].fixed, perContextToken: segments[i].perContextToken,
            validContext: max(short.lowerBound, segments[i].start)...min(short.upperBound, last))
    }

    private mutating func append(_ kernels: TableKernels, runtime: RuntimeProfile, sequences: Int) {
        let rows = Double(runtime.paddedDecode(sequences))
        let factor = runtime.decode.kernelFactor.value(at: rows)
        let serial = runtime.decode.serial(sequences: sequences)
        let hidden = runtime.decode.hidden(sequences: sequences)
        let dense = kernels.denseSeconds(rows: rows) + kernels.headSeconds(rows: rows)
        func seconds(_ context: Double) -> Double {
            factor * (dense + kernels.layers * kernels.decodeAttention(sequences: rows, context: context).seconds)
        }
        var bends = [0.0] + kernels.decodeBends(sequences: rows)
        // The last stretch is a line through its first point and any later one.
        bends.append(2 * bends[bends.count - 1])
        var times = bends.map(seconds)
        // More context never takes less time: small steps down in the measurements are levelled.
        for i in times.indices.dropFirst() { times[i] = max(times[i], times[i - 1]) }

        if times[0] < hidden {
            segments.append(Segment(start: 0, fixed: Work(rounding: serial + hidden), perContextToken: .zero))
        }
        for i in 0..<(bends.count - 1) {
            if i < bends.count - 2, times[i + 1] <= hidden { continue }
            let slope = (times[i + 1] - times[i]) / (bends[i + 1] - bends[i])
            var start = bends[i]
            if times[i] < hidden {
                // The context at which the kernels are no longer hidden.
                if slope == 0 { continue }
                start += (hidden - times[i]) / slope
            }
            let first = Int(start.rounded(.up))
            let perToken = Work(rounding: slope)
            // Rounding of the slope is spread over both ends.
            let middle = ((start + bends[i + 1]) / 2).rounded()
            let time = Work(rounding: serial + times[i] + slope * (middle - bends[i]))
            let segment = Segment(
                start: first, fixed: Work(units: time.units - perToken.units * Int64(middle)), perContextToken: perToken
            )
            if segments.count > offsets[offsets.count - 1], segments[segments.count - 1].start == first {
                segments[segments.count - 1] = segment
            } else {
                segments.append(segment)
            }
        }
    }
}
