public import CostModels
public import Diagnostics

extension ModelArchitecture {
    /// Reads a Hugging Face `config.json`. Keys that do not change the work of an iteration are ignored.
    ///
    /// - Returns: the architecture, and warnings about what the file says and the architecture cannot.
    public static func read(
        _ text: String, file: String, id: String
    ) throws(InputError) -> (architecture: ModelArchitecture, warnings: [Diagnostic]) {
        let findings = Findings()
        let root = try YAMLNode.parse(text, file: file)
        var keys = try YAMLReader.root(of: root, "a model configuration", findings)
        checkFamily(&keys)
        // Anything read from the file of another family would be noise.
        try findings.throwIfAny()

        let hidden = keys.required("hidden_size", dimension)
        let layers = keys.required("num_hidden_layers", .int(in: 1...10_000))
        let heads = keys.required("num_attention_heads", .int(in: 1...8192))
        let keyValueHeads = keys.optional("num_key_value_heads", .int(in: 1...8192)) ?? heads
        let vocabulary = keys.required("vocab_size", .int(in: 1...1 << 28))
        let positions = keys.required("max_position_embeddings", .int(in: 1...1 << 40))
        let intermediate = keys.required("intermediate_size", .int(in: 1...1 << 24))
        let ties = keys.optional("tie_word_embeddings", .bool)?.value ?? false
        if let heads, let keyValueHeads, heads.value % keyValueHeads.value != 0 {
            findings.error(
                at: keyValueHeads.location,
                "num_key_value_heads: found \(keyValueHeads.value), expected a divisor of the \(heads.value) attention heads"
            )
        }
        let latent = readLatentAttention(&keys)
        let headSize = readHeadSize(&keys, hidden: hidden, heads: heads, latent: latent)
        let experts = readExperts(&keys, intermediate: intermediate?.value, layers: layers?.value)
        let weightType = readWeightType(&keys)
        checkWindow(&keys, positions: positions?.value)
        try findings.throwIfAny()
        guard let hidden, let layers, let heads, let keyValueHeads, let vocabulary, let positions, let intermediate,
            let headSize
        else { preconditionFailure("a required key was missing and not reported in \(file)") }
        let architecture = ModelArchitecture(
            id: id, hiddenSize: hidden.value, intermediateSize: intermediate.value, layers: layers.value,
            heads: heads.value, keyValueHeads: keyValueHeads.value, headSize: headSize,
            vocabularySize: vocabulary.value,
            maxPositions: positions.value, tiesEmbeddings: ties, weightType: weightType, experts: experts,
            latentAttention: latent)
        return (architecture, findings.warnings)
    }

    /// Far above any model, and low enough that counts of parameters and bytes stay within 64 bits.
    private static var dimension: YAMLExpectation<Int> { .int(in: 1...1 << 20) }

    /// Decoders with rotary embeddings and a gated feed-forward block are what the cost models price.
    private static func checkFamily(_ keys: inout YAMLReader) {
        if let encoder = keys.optional("is_encoder_decoder", .bool), encoder.value {
            keys.findings.error(
                at: encoder.location, "is_encoder_decoder: found true, expected a decoder-only language model")
        }
        let architectures = keys.optional("architectures", .list(of: .string("a class name")))
        if let architectures, let first = architectures.value.first, !first.hasSuffix("ForCausalLM") {
            let isMultimodal = keys.place(of: "text_config") != nil
            keys.findings.error(
                at: architectures.location,
                "architectures: found \"\(shortened(first))\", expected a decoder-only language model (…ForCausalLM)",
                help: isMultimodal ? "copy the object under \"text_config\" into a file of its own" : nil)
        }
        // Two matrices instead of three: read as gated, these would be priced half as much again too high.
        let ungated = ["falcon", "gpt_neox", "gptj", "nemotron", "opt", "persimmon", "phi", "starcoder2"]
        if let type = keys.optional("model_type", .string()), ungated.contains(type.value) {
            keys.findings.error(
                at: type.location,
                "model_type: found \"\(type.value)\", whose feed-forward block has no gate and cannot be simulated yet,"
                    + " expected a model of the Llama kind")
        }
    }

    private static func readHeadSize(
        _ keys: inout YAMLReader, hidden: Located<Int>?, heads: Located<Int>?, latent: LatentAttention?
    ) -> Int? {
        if let latent { return latent.nopeHeadSize + latent.ropeHeadSize }
        if let stated = keys.optional("head_dim", .int(in: 1...8192)) { return stated.value }
        guard let hidden, let heads else { return nil }
        guard hidden.value % heads.value == 0 else {
            keys.findings.error(
                at: heads.location,
                "num_attention_heads: found \(heads.value), expected a divisor of hidden_size \(hidden.value), or a head_dim"
            )
            return nil
        }
        return hidden.value / heads.value
    }

    private static func readLatentAttention(_ keys: inout YAMLReader) -> LatentAttention? {
        guard let rank = keys.optional("kv_lora_rank", dimension) else { return nil }
        let queryRank = keys.optional("q_lora_rank", dimension)
        let rope = keys.required("qk_rope_head_dim", dimension)
        let nope = keys.required("qk_nope_head_dim", dimension)
        let value = keys.required("v_head_dim", dimension)
        guard let rope, let nope, let value else { return nil }
        return LatentAttention(
            keyValueRank: rank.value, queryRank: queryRank?.value, ropeHeadSize: rope.value, nopeHeadSize: nope.value,
            valueHeadSize: value.value)
    }

    private static func readExperts(_ keys: inout YAMLReader, intermediate: Int?, layers: Int?) -> Experts? {
        let counts = ["num_local_experts", "n_routed_experts", "num_experts"]
            .compactMap { keys.optional($0, .int(in: 1...65_536)) }
        guard let routed = counts.first, routed.value > 1 else { return nil }
        let active = keys.required("num_experts_per_tok", .int(in: 1...routed.value))
        let shared = keys.optional("n_shared_experts", .int(in: 0...65_536))
        let width = keys.optional("moe_intermediate_size", .int(in: 1...1 << 24))
        let dense = keys.optional("first_k_dense_replace", .int(in: 0...(layers ?? 10_000)))
        guard let active, let width = width?.value ?? intermediate else { return nil }
        return Experts(
            routed: routed.value, shared: shared?.value ?? 0, activePerToken: active.value, intermediateSize: width,
            denseLayers: dense?.value ?? 0)
    }

    private static func readWeightType(_ keys: inout YAMLReader) -> WeightType {
        if let node = keys.node("quantization_config") {
            guard var quantisation = YAMLReader(node, "quantization_config", keys.findings) else { return .bf16 }
            let method = quantisation.required("quant_method", .string("the quantisation method"))
            if let method, method.value != "fp8" {
                keys.findings.error(
                    at: method.location,
                    "quant_method: found \"\(shortened(method.value))\", which cannot be simulated yet, expected fp8")
            }
            return .fp8
        }
        // Engines load float32 weights as 16-bit ones (vLLM: `dtype=auto`).
        let types = ["bfloat16", "float16", "float32", "float8_e4m3fn"]
        let older = keys.optional("torch_dtype", .word("a weight type", of: types))
        let type = keys.optional("dtype", .word("a weight type", of: types)) ?? older
        return type?.value == "float8_e4m3fn" ? .fp8 : .bf16
    }

    private static func checkWindow(_ keys: inout YAMLReader, positions: Int?) {
        let isUsed = keys.optional("use_sliding_window", .bool)?.value ?? true
        guard isUsed, let positions, let window = keys.optional("sliding_window", .int(in: 1...Int.max)) else { return }
        if window.value < positions {
            keys.findings.warning(
                at: window.location,
                "sliding_window \(window.value) is not modelled: attention is priced over the whole context")
        }
    }
}
