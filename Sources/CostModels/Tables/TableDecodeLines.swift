internal import EventKernel

/// Decode lines of one model on one number of SMs, by number of sequences: every batch has a line for each stretch of
/// Σ context between two points of the attention table.
final class TableDecodeLines: Sendable {
    private struct Segment: BitwiseCopyable {
        /// Σ context from which the line holds, up to the start of the next one.
        let start: Int
        let fixed: Work
        let perContextToken: Work
    }

    /// Of the first batch.
    private let first: Int
    private let segments: [Segment]
    /// Where the segments of each batch begin; one more than batches.
    private let offsets: [Int]

    init(_ kernels: TableKernels, runtime: RuntimeProfile, sequences: ClosedRange<Int>) {
        // Batches that are padded to the same rows ask the same of the kernels.
        var kernelTimes: KernelTimes?
        var (segments, offsets): ([Segment], [Int]) = ([], [0])
        for count in sequences {
            let rows = runtime.paddedDecode(count)
            let times = kernelTimes.flatMap { $0.rows == rows ? $0 : nil } ?? KernelTimes(kernels, runtime, rows: rows)
            segments += times.segments(runtime: runtime, sequences: count)
            offsets.append(segments.count)
            kernelTimes = times
        }
        first = sequences.lowerBound
        self.segments = segments
        self.offsets = offsets
    }

    /// O(points of the attention table), about ten.
    func line(sequences: Int, contextTokens context: Int) -> DecodeCostLine {
        let index = sequences - first
        var i = offsets[index]
        let end = offsets[index + 1]
        while i &+ 1 < end, segments[i &+ 1].start <= context { i &+= 1 }
        // What the other lane feels changes with the segment, so that segments stay short.
        let short = DecodeTable.segment(of: context)
        let last = i + 1 < end ? segments[i + 1].start - 1 : short.upperBound
        return DecodeCostLine(
            fixed: segments[i].fixed, perContextToken: segments[i].perContextToken,
            validContext: max(short.lowerBound, segments[i].start)...min(short.upperBound, last))
    }

    /// Seconds of the kernels of a batch at the contexts where they bend.
    private struct KernelTimes {
        let rows: Int
        let bends: [Double]
        let times: [Double]

        init(_ kernels: TableKernels, _ runtime: RuntimeProfile, rows: Int) {
            let sequences = Double(rows)
            let factor = runtime.decode.kernelFactor.value(at: sequences)
            let place = kernels.place(rows: rows)
            let dense = kernels.denseSeconds(at: place) + kernels.headSeconds(at: place)
            var bends = [0.0] + kernels.decodeBends(sequences: sequences)
            // The last stretch is a line through its first point and any later one.
            bends.append(2 * bends[bends.count - 1])
            var times = bends.map { context in
                let attention = kernels.decodeAttention(sequences: sequences, context: context)
                return factor * (dense + kernels.layers * attention.seconds)
            }
            // More context never takes less time: small steps down in the measurements are levelled.
            for i in times.indices.dropFirst() { times[i] = max(times[i], times[i - 1]) }
            self.rows = rows
            self.bends = bends
            self.times = times
        }

        /// Lines of a batch of so many sequences that is padded to these rows.
        func segments(runtime: RuntimeProfile, sequences: Int) -> [Segment] {
            let serial = runtime.decode.serial(sequences: sequences)
            let hidden = runtime.decode.hidden(sequences: sequences)
            var segments: [Segment] = []
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
                    start: first, fixed: Work(units: time.units - perToken.units * Int64(middle)),
                    perContextToken: perToken
                )
                if segments.last?.start == first {
                    segments[segments.count - 1] = segment
                } else {
                    segments.append(segment)
                }
            }
            return segments
        }
    }
}
