import Simulator
import Testing

/// The batch of every iteration, worked out by hand from the rules of each engine. `PolicyObservation` explains the
/// notation; times are in ns, an iteration takes 1,000.
@Suite("Policies schedule as their engines do")
struct PolicyConformanceTests {
    // MARK: vLLM V1

    @Test("vLLM V1 fills one budget: decodes, then the prompt in progress, then waiting prompts")
    func v1Chunks() throws {
        let found = try batches(of: VLLMV1Policy(), maxSequences: 4, maxBatchedTokens: 10, [(0, 25, 3), (0, 8, 2)])
        #expect(found == ["p1:10 c0", "p1:10 c0", "p2:10 c1", "p1:3 c1 d1:26", "d2:36"])
    }

    @Test("vLLM V1 preempts the request admitted last when a block is needed, and admits nothing in that iteration")
    func v1Preemption() throws {
        let found = try batches(
            of: VLLMV1Policy(), maxBatchedTokens: 64, blocks: 6, blockSize: 4, [(0, 8, 10), (0, 8, 10), (500, 1, 1)])
        // Two blocks each; both begin their third with the first decode, and the memory is full. The single token of the
        // third request waits behind the second, which is computed again (8 + 5 tokens) when the first is done.
        #expect(
            found == [
                "p2:16 c2", "d2:18", "d2:20", "d2:22", "d2:24", "d1:13 !1", "d1:14", "d1:15", "d1:16", "d1:17",
                "p2:14 c2", "d1:14", "d1:15", "d1:16", "d1:17",
            ])
    }

    @Test("vLLM V1 admits no more than max_num_seqs")
    func v1Limit() throws {
        let found = try batches(of: VLLMV1Policy(), maxSequences: 2, [(0, 5, 2), (0, 6, 3), (0, 7, 1)])
        #expect(found == ["p2:11 c2", "d2:13", "p1:7 c1 d1:8"])
    }

    // MARK: vLLM 0.6

    @Test("vLLM 0.6 runs waiting prompts first, within the budget and the sequence limit, else all decodes")
    func v06() throws {
        let found = try batches(
            of: VLLM06Policy(), maxSequences: 3, maxBatchedTokens: 100,
            [(0, 60, 3), (0, 30, 2), (0, 20, 2), (500, 40, 1)])
        // 60 + 30 + 20 exceed the budget; then three run, so the fourth waits for two of them to end.
        #expect(found == ["p2:90 c2", "p1:20 c1", "d3:113", "p1:40 c1", "d1:62"])
    }

    @Test("vLLM 0.6 keeps 1 % of the blocks free of new prompts, and lets nobody pass the first in the queue")
    func v06Watermark() throws {
        let found = try batches(
            of: VLLM06Policy(), maxBatchedTokens: 4_096, blocks: 200, [(0, 1_600, 2), (0, 1_584, 1), (0, 16, 1)])
        // 100 of 200 blocks are taken; 99 more would leave one, and the watermark is two.
        #expect(found == ["p1:1600 c1", "d1:1601", "p2:1600 c2"])
    }

    @Test("vLLM 0.6 wants a free block before every token, and preempts the newest request for it")
    func v06Preemption() throws {
        let found = try batches(of: VLLM06Policy(), blocks: 6, blockSize: 4, [(0, 8, 10), (0, 8, 10)])
        // After the first decode no block is free, so the second request goes, although neither needs one, and comes
        // back at once, since its blocks are just what is free; until the first has grown by a block.
        #expect(
            found == [
                "p2:16 c2", "d2:18", "d1:10 !1", "p1:10 c1", "d1:11 !1", "p1:11 c1", "d1:12 !1", "p1:12 c1", "d1:13 !1",
                "d1:14", "d1:15", "d1:16", "d1:17", "p1:13 c1", "d1:14", "d1:15", "d1:16", "d1:17",
            ])
    }

    // MARK: vLLM 0.6, chunked prefill

    @Test("vLLM 0.6 with chunked prefill gives prompts what decodes leave of the budget")
    func chunked() throws {
        let found = try batches(
            of: VLLM06ChunkedPolicy(), maxSequences: 4, maxBatchedTokens: 10, [(0, 25, 3), (0, 8, 2)])
        #expect(found == ["p1:10 c0", "p1:10 c0", "p2:10 c1", "p1:3 c1 d1:26", "d2:36"])
    }

    @Test("vLLM 0.6 with chunked prefill preempts the prompt in progress first, and may admit the next in its place")
    func chunkedPreemption() throws {
        let found = try batches(
            of: VLLM06ChunkedPolicy(), maxSequences: 4, maxBatchedTokens: 6, blocks: 6, blockSize: 4,
            [(0, 8, 8), (0, 12, 2), (0, 4, 1)])
        // The second prompt has its three blocks from its first chunk on; it must find one more free, needed or not.
        #expect(
            found == [
                "p1:6 c0", "p2:6 c1", "p1:4 c1 d1:9 !1", "p1:5 c0 d1:10", "d1:11 !1", "p1:5 c0 d1:12", "d1:13 !1",
                "d1:14", "d1:15", "p1:6 c0", "p1:6 c1", "d1:13",
            ])
    }

    // MARK: Sarathi

    @Test("Sarathi never stalls decodes and fills each batch up to the chunk")
    func sarathi() throws {
        let found = try batches(
            of: SarathiPolicy(), maxSequences: 3, maxBatchedTokens: 8,
            [(0, 20, 4), (500, 6, 2), (500, 3, 2), (500, 5, 1)])
        #expect(found == ["p1:8 c0", "p1:8 c0", "p2:8 c1", "p2:5 c2 d1:21", "d3:33", "p1:5 c1 d1:23"])
    }

    @Test("Sarathi may admit a preempted request again in the same iteration")
    func sarathiPreemption() throws {
        let found = try batches(of: SarathiPolicy(), blocks: 4, blockSize: 4, [(0, 7, 3), (0, 7, 3)])
        #expect(found == ["p2:14 c2", "p1:8 c1 d1:8 !1", "d1:9 !1", "p1:9 c1"])
    }

    // MARK: SGLang

    @Test("SGLang runs prompts first in chunks, without decodes beside them")
    func sglang() throws {
        let found = try batches(
            of: SGLangPolicy(chunkedPrefillSize: 10), blockSize: 1, [(0, 25, 3), (0, 4, 5), (3_500, 6, 2)])
        #expect(
            found == ["p1:10 c0", "p1:10 c0", "p2:9 c2", "d2:31", "p1:6 c1", "d3:40", "d1:7", "d1:8"])
    }

    @Test("SGLang admits nothing after a failure until a decode has begun with fewer requests")
    func sglangFull() throws {
        let found = try batches(of: SGLangPolicy(), blocks: 110, blockSize: 1, [(0, 40, 50), (0, 5, 3), (0, 5, 8)])
        // 110 − 90 − 8 leave 12 tokens and the third may take 13. The second is done after two decodes; one more runs
        // before the third is looked at again, with a share of 0.7 less three steps of the 46 tokens the first has left.
        #expect(Array(found.prefix(6)) == ["p2:45 c2", "d2:47", "d2:49", "d1:43", "p1:5 c1", "d2:50"])
    }

    @Test("SGLang retracts the requests with the fewest tokens until 20 iterations fit, to the end of the queue")
    func sglangRetraction() throws {
        let found = try batches(
            of: SGLangPolicy(), blocks: 125, blockSize: 1, [(0, 10, 40), (0, 10, 40), (1_500, 4, 40)])
        var expected = ["p2:20 c2", "d2:22", "p1:4 c1"]
        expected += (0..<33).map { "d3:\(29 + 3 * $0)" }
        // No token is free. The third has one token fewer and frees 37, the second frees 44: 40 and then 20 are wanted.
        // The share is now 1: 38 + 40 tokens of the third do not fit beside the four that the first has left.
        expected += ["d1:45 !2", "d1:46", "d1:47", "d1:48", "d1:49"]
        expected += ["p1:38 c1", "d1:39", "d1:40", "d1:41", "d1:42", "d1:43"]
        expected += ["p1:45 c1", "d1:46", "d1:47", "d1:48", "d1:49"]
        #expect(found == expected)
    }

    // MARK: Orca, FasterTransformer, prefill first

    @Test("Orca mixes whole prompts with decodes, up to its batch limit")
    func orca() throws {
        let found = try batches(of: OrcaPolicy(), maxSequences: 2, blockSize: 4, [(0, 8, 4), (0, 5, 2), (0, 4, 1)])
        #expect(found == ["p2:13 c2", "d2:15", "p1:4 c1 d1:10", "d1:11"])
    }

    @Test("Orca sets aside the memory of all tokens at admission")
    func orcaReservation() throws {
        let found = try batches(of: OrcaPolicy(), blocks: 5, blockSize: 4, [(0, 8, 4), (0, 5, 2), (0, 4, 1)])
        // Three blocks and two: the one that the first has yet to fill is not free for the third.
        #expect(found == ["p2:13 c2", "d2:15", "p1:4 c1 d1:10", "d1:11"])
    }

    @Test("FasterTransformer starts the next batch when the last member of this one is done")
    func fasterTransformer() throws {
        let found = try batches(
            of: FasterTransformerPolicy(), maxSequences: 2, blockSize: 4, [(0, 8, 3), (0, 5, 2), (0, 4, 2)])
        #expect(found == ["p2:13 c2", "d2:15", "d1:10", "p1:4 c1", "d1:5"])
    }

    @Test("the prefill-first engine runs at least one prompt, and others up to its budget")
    func prefillFirst() throws {
        let found = try batches(
            of: PrefillFirstPolicy(maxPrefillTokens: 10), [(0, 12, 2), (0, 4, 2), (0, 6, 1), (0, 1, 1)])
        #expect(found == ["p1:12 c1", "p2:10 c2", "p1:1 c1", "d2:18"])
    }
}
