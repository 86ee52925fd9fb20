import EventKernel
import Foundation
import Testing
import Workloads

@testable import Simulator

/// Least recently used, with a list and nothing else.
private struct NaiveCache {
    var capacity: Int
    var keys: [UInt32] = []

    /// How many keys from the first on were there.
    mutating func look(up request: [UInt32]) -> Int {
        let found = request.prefix { keys.contains($0) }.count
        keys.removeAll { request.contains($0) }
        // The head is the most recent.
        keys += request.reversed()
        keys.removeFirst(max(0, keys.count - capacity))
        return found
    }
}

@Suite("The prefix cache against exact LRU")
struct PrefixCacheOracleTests {
    /// Admits a prompt, keeps what it computes and lets it go. Returns how many keys were found.
    private func serve(_ keys: [UInt32], _ memory: inout KVCacheManager) throws -> Int {
        let found = try #require(memory.prefixes).prefixLength(keys[...])
        let fits = memory.allocate(keys.count - found, using: keys[..<found])
        #expect(fits)
        for key in keys[found...] { memory.keep(key, blocks: 1) }
        memory.release(keys[...])
        #expect(memory.usedBlocks == 0)
        return found
    }

    @Test("it finds what a naive list finds", arguments: 0..<100 as Range<UInt64>)
    func naive(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "naive")
        let capacity = 10 + random.index(below: 30)
        var naive = NaiveCache(capacity: capacity)
        var memory = KVCacheManager(KVMemoryConfiguration(blockSize: 1, totalBlocks: capacity))
        memory.cachePrefixes()
        var keys = PrefixKeys(BlockFormat(dialect: .blockContent, tokens: 1))
        for _ in 0..<200 {
            let ids = (0...random.index(below: 8)).map { _ in UInt32(random.index(below: 3)) }
            let prompt = keys.keys(of: ids, promptTokens: ids.count)
            let found = try serve(prompt, &memory)
            let expected = naive.look(up: prompt)
            #expect(found == expected)
        }
    }

    private static let conversation: String? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["PHASEWISE_SHARED"].map { URL(filePath: $0) }
        let folders =
            [named].compactMap(\.self)
            + ["../shared", "../../shared"].map { root.appending(path: $0).standardizedFileURL }
        return folders.map { $0.appending(path: "traces/mooncake/conversation_trace.jsonl.gz").path() }
            .first { FileManager.default.fileExists(atPath: $0) }
    }()

    /// Hit rates of blocks, to four digits, from an exact LRU apart from this code: for prompts whose blocks become the
    /// most recent first to last, and last to first as vLLM frees them, which is what the simulator does.
    private static let published: [(capacity: Int, firstToLast: Double, lastToFirst: Double)] = [
        (500, 0.0422, 0.0422), (1_000, 0.0445, 0.0445), (2_000, 0.0537, 0.0543), (5_000, 0.1104, 0.1118),
        (10_000, 0.2112, 0.2116), (20_000, 0.2875, 0.2878), (30_000, 0.3257, 0.3257), (50_000, 0.3546, 0.3546),
        (100_000, 0.3637, 0.3637), (200_000, 0.3664, 0.3664),
    ]

    @Test(
        "Mooncake's conversation trace hits as often as an exact LRU of that many blocks",
        .enabled(if: conversation != nil, "the real Mooncake trace is not here"), arguments: published.indices)
    func mooncake(row: Int) throws {
        let (capacity, firstToLast, lastToFirst) = Self.published[row]
        let trace = try TraceReader.read(path: try #require(Self.conversation)).trace
        let hashes = try #require(trace.blockHashes)
        var keys = PrefixKeys(hashes.format)
        var memory = KVCacheManager(KVMemoryConfiguration(blockSize: 512, totalBlocks: capacity))
        memory.cachePrefixes()
        var cache = PrefixCache()
        var (blocks, found, foundForwards) = (0, 0, 0)
        for request in trace.requests.indices {
            let prompt = keys.keys(
                of: hashes[request], promptTokens: trace.requests[request].promptTokens)
            blocks += prompt.count
            found += try serve(prompt, &memory)
            foundForwards += cache.prefixLength(prompt[...])
            for key in prompt { if cache.contains(key) { cache.reference(key) } else { cache.insert(key, blocks: 1) } }
            for key in prompt { _ = cache.release(key) }
            cache.trim(to: capacity)
        }
        func rounded(_ hits: Int) -> Double { (Double(hits) / Double(blocks) * 1e4).rounded() / 1e4 }
        #expect(rounded(found) == lastToFirst)
        #expect(rounded(foundForwards) == firstToLast)
    }
}
