internal import Workloads

// Splitwise's mixed pool where decode is full, as its simulator has it (splitwise-sim, `MixedPoolScheduler`: a token
// instance is loaded if what its requests may hold when they end, with the one to come, reaches its memory; then a prompt
// instance takes tokens too). There the decode instance of a request is known when it arrives, here when it is prefilled:
// memory is counted over all of them.

extension Simulation {
    /// Decides where the request that has just come to an instance is to be decoded.
    mutating func chooseDecoder(ofLastAt target: Int) {
        guard let share = configuration.mixedPoolMemory, let slot = engines[target].instance.waiting.last else {
            return
        }
        let role = engines[target].instance.role
        let request = engines[target].instance.requests[slot].request
        guard role == .decode || role == .prefill && request.outputTokens > 1 else { return }
        // The last token's KV is never written.
        let tokens = request.promptTokens + request.outputTokens - 1
        let blocks = engines[target].instance.memory.blocks(for: tokens)
        let isFull = Double(context.promisedBlocks + blocks) >= share * Double(decodeBlocks)
        if isFull, role == .prefill, tokens <= engines[target].instance.memory.capacityTokens {
            engines[target].instance.requests[slot].stays = true
        } else {
            engines[target].instance.requests[slot].promisedBlocks = Int32(blocks)
            context.promisedBlocks += blocks
        }
    }

    /// Of the decode instances that are up.
    private var decodeBlocks: Int {
        var blocks = 0
        for index in engines.indices where engines[index].instance.role == .decode && !isDown[index] {
            blocks += engines[index].instance.memory.totalBlocks
        }
        return blocks
    }
}
