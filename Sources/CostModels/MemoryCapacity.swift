/// What is taken from a GPU's memory before KV blocks get the rest.
public struct MemoryBudget: Hashable, Sendable {
    /// Fraction of the device's memory that the engine may use.
    public var utilisation: Double
    /// The largest activations of an iteration, per GPU.
    public var activationBytes: Int
    /// Kept by each process on each GPU: context, graphs, workspaces.
    public var reserveBytesPerProcess: Int
    /// Engine processes on each GPU: two for semi-PD, which share weights and KV but not these.
    public var processes: Int

    public init(utilisation: Double, activationBytes: Int, reserveBytesPerProcess: Int, processes: Int = 1) {
        self.utilisation = utilisation
        self.activationBytes = activationBytes
        self.reserveBytesPerProcess = reserveBytesPerProcess
        self.processes = processes
    }

    public init(runtime: RuntimeProfile, activationBytes: Int, processes: Int = 1) {
        self.init(
            utilisation: runtime.memoryUtilisation, activationBytes: activationBytes,
            reserveBytesPerProcess: runtime.reserveBytesPerProcess, processes: processes)
    }

    /// Activations of one iteration: the residual stream and its normed copy, the widest pair of neighbouring tensors of a
    /// layer, and the logits in 16 and 32 bits.
    public static func activationBytes(
        model: ModelArchitecture, batchedTokens: Int, sequences: Int, tensorParallelism tp: Int
    ) -> Int {
        let perToken = 2 * (2 * model.hiddenSize + 3 * model.intermediateSize / tp)
        return batchedTokens * perToken + sequences * model.vocabularySize / tp * 6
    }
}

/// The KV blocks that fit on an instance of one model.
public enum MemoryCapacity {
    /// Blocks of `blockSize` tokens: utilisation × memory − weights/(TP·PP) − activations − reserve, over the bytes of a
    /// block on each GPU.
    public static func keyValueBlocks(
        model: ModelArchitecture, device: DeviceProfile, budget: MemoryBudget, blockSize: Int = 16,
        tensorParallelism: Int = 1, pipelineParallelism: Int = 1
    ) throws(MemoryShortage) -> Int {
        let free = freeBytes(model, device, budget, gpus: tensorParallelism * pipelineParallelism)
        func blockBytes(_ tp: Int) -> Int {
            keyValueBlockBytes(
                model: model, blockSize: blockSize, tensorParallelism: tp, pipelineParallelism: pipelineParallelism)
        }
        let block = blockBytes(tensorParallelism)
        if free >= block { return free / block }
        let wider = (tensorParallelism...1024).first {
            $0.nonzeroBitCount == 1
                && freeBytes(model, device, budget, gpus: $0 * pipelineParallelism)
                    >= blockBytes($0)
        }
        throw MemoryShortage(
            model: model.id, device: device.id, weightBytes: model.weightBytes,
            missingBytesPerGPU: block - free, gpus: tensorParallelism * pipelineParallelism,
            sufficientTensorParallelism: wider)
    }

    private static func freeBytes(
        _ model: ModelArchitecture, _ device: DeviceProfile, _ budget: MemoryBudget, gpus: Int
    ) -> Int {
        let usable = Int(budget.utilisation * Double(device.memoryBytes))
        let reserve = budget.reserveBytesPerProcess * budget.processes
        return usable - (model.weightBytes + gpus - 1) / gpus - budget.activationBytes - reserve
    }

    /// Bytes of a block on each GPU: its share of the KV heads of its layers. Heads that are fewer than the GPUs are copied,
    /// and so is latent attention's one compressed vector.
    public static func keyValueBlockBytes(
        model: ModelArchitecture, blockSize: Int, tensorParallelism: Int, pipelineParallelism: Int = 1
    ) -> Int {
        let heads = model.latentAttention == nil ? model.keyValueHeads : 1
        let shares = min(tensorParallelism, heads) * pipelineParallelism
        return (blockSize * model.keyValueBytesPerToken + shares - 1) / shares
    }
}

/// The weights and what runs beside them leave no room for a single KV block.
public struct MemoryShortage: Error, Hashable, Sendable, CustomStringConvertible {
    public var model: String
    public var device: String
    public var weightBytes: Int
    /// Bytes that each GPU is short of for one block.
    public var missingBytesPerGPU: Int
    public var gpus: Int
    /// The smallest power of two of GPUs in tensor parallelism that would do, if any does.
    public var sufficientTensorParallelism: Int?

    public var description: String {
        let needed =
            "\(model) (\(gigabytes(weightBytes)) of weights) does not fit \(gpus) × \(device): each GPU is "
            + "\(gigabytes(missingBytesPerGPU)) short"
        guard let tp = sufficientTensorParallelism else { return needed }
        return needed + "; tensor parallelism \(tp) would fit"
    }
}

/// In GB with one decimal.
private func gigabytes(_ bytes: Int) -> String {
    let tenths = (bytes + 50_000_000) / 100_000_000
    return "\(tenths / 10).\(tenths % 10) GB"
}
