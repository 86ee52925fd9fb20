extension WorkloadModel {
    /// In the shape of ShareGPT: first turns of 10,000 conversations of its V3 set, counted with the tokenizer of
    /// Llama 2 (AKafakA/vidur_opt_scheduler, MIT). The set has no times: Poisson arrivals, to be rescaled. The tables are
    /// quantiles at 0, 0.5, … 100 %, linear between order statistics, rounded half up.
    static var shareGPT: WorkloadModel {
        WorkloadModel(
            name: "sharegpt", arrivals: .poisson(rate: 8), promptTokens: .quantiles(ShareGPT.promptTokens),
            outputTokens: .quantiles(ShareGPT.outputTokens),
            // 2·sin(π·s/6) of the Spearman correlation s of 0.138.
            correlation: 0.144)
    }
}

extension LengthDistribution {
    /// Outputs where data sets were cut from conversations that either side may begin: the second of two turns is the reply
    /// to a prompt, or the prompt after a reply. vLLM's client takes the first two turns of a piece of ShareGPT whoever
    /// speaks; its 1,000 requests have 230 tokens in and 203 out with Llama 3.1 (vLLM pull request 18566), where prompts
    /// have 108 and replies 329 here. That the former come of the latter so is inferred.
    /// - Parameters:
    ///   - share: Of replies, 0 to 1. What is left are prompts. Of both, only what the client keeps: 4 tokens and more,
    ///     prompts up to 1024 and replies up to 2048.
    ///   - mean: Tokens; all lengths are scaled to it, since tokenizers differ.
    public static func shareGPTTurns(replies share: Double, mean: Double) -> LengthDistribution {
        precondition((0...1).contains(share), "share \(share) of replies, expected 0 to 1")
        let parts = [
            (weight: share, lengths: ShareGPT.outputTokens.filter { (4...2048).contains($0) }),
            (weight: 1 - share, lengths: ShareGPT.promptTokens.filter { (4...1024).contains($0) }),
        ]
        let weighted = parts.flatMap { part in
            part.lengths.map { (length: Double($0), weight: part.weight / Double(part.lengths.count)) }
        }
        .sorted { $0.length < $1.length }
        let scale = mean / weighted.reduce(0) { $0 + $1.length * $1.weight }
        var level = 0.0
        var next = 0
        let steps = 1000
        return .resampled(
            (0..<steps).map { step in
                let middle = (Double(step) + 0.5) / Double(steps)
                while next < weighted.count - 1, level + weighted[next].weight < middle {
                    level += weighted[next].weight
                    next += 1
                }
                return max(1, Int((weighted[next].length * scale).rounded()))
            })
    }
}

private enum ShareGPT {
    static let promptTokens = [
        1, 2, 2, 3, 3, 4, 5, 5, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 9, 10, 10, 10, 10, 10, 11, 11, 11, 11, 11,
        12, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 16, 16, 17, 17, 17, 17, 18,
        18, 18, 18, 19, 19, 19, 20, 20, 20, 21, 21, 21, 22, 22, 22, 23, 23, 23, 24, 24, 24, 25, 25, 26, 26, 26, 27,
        27, 28, 28, 29, 29, 30, 31, 31, 32, 32, 33, 34, 34, 35, 36, 37, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
        48, 49, 50, 52, 53, 54, 55, 57, 58, 60, 62, 64, 66, 68, 70, 72, 74, 76, 77, 80, 82, 86, 89, 92, 95, 98, 101,
        104, 106, 110, 114, 117, 123, 127, 132, 138, 143, 150, 157, 162, 168, 177, 190, 200, 211, 221, 229, 242, 253,
        274, 292, 308, 320, 337, 357, 382, 404, 434, 458, 491, 514, 547, 583, 630, 664, 710, 761, 817, 878, 938, 1006,
        1075, 1140, 1198, 1254, 1320, 1423, 1532, 1641, 1800, 1947, 2130, 2306, 2595, 2862, 3284, 3973,
    ]

    static let outputTokens = [
        3, 7, 10, 10, 12, 12, 13, 15, 17, 20, 23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 44, 46, 48, 51, 54, 58, 62, 65,
        69, 72, 75, 80, 84, 87, 89, 93, 96, 98, 101, 104, 106, 109, 112, 114, 118, 120, 123, 127, 131, 133, 136, 139,
        142, 145, 148, 150, 153, 158, 162, 164, 167, 170, 173, 177, 181, 185, 189, 192, 195, 198, 201, 204, 208, 211,
        213, 216, 219, 223, 226, 229, 232, 235, 239, 242, 245, 248, 250, 252, 255, 257, 260, 262, 265, 268, 270, 273,
        276, 279, 281, 283, 286, 288, 291, 293, 296, 299, 302, 306, 308, 311, 314, 316, 319, 322, 324, 327, 329, 333,
        335, 338, 341, 343, 347, 350, 353, 357, 360, 363, 366, 368, 371, 374, 377, 381, 385, 389, 392, 395, 398, 402,
        405, 409, 413, 418, 421, 424, 429, 433, 438, 442, 446, 452, 457, 461, 465, 472, 477, 481, 489, 495, 502, 509,
        516, 521, 527, 533, 538, 546, 553, 563, 571, 579, 585, 595, 605, 615, 627, 640, 653, 668, 681, 693, 705, 721,
        736, 754, 769, 784, 799, 821, 839, 859, 878, 902, 920, 938, 953, 970, 1000, 1044, 1734,
    ]
}
