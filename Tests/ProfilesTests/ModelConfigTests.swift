import CostModels
import Diagnostics
import Profiles
import Testing

private let llama = """
    {
      "architectures": ["LlamaForCausalLM"],
      "model_type": "llama",
      "hidden_size": 4096,
      "intermediate_size": 14336,
      "num_hidden_layers": 32,
      "num_attention_heads": 32,
      "num_key_value_heads": 8,
      "vocab_size": 128256,
      "max_position_embeddings": 8192,
      "tie_word_embeddings": false,
      "torch_dtype": "bfloat16"
    }
    """

/// The Llama configuration with one line replaced.
private func llama(_ old: String, _ new: String) -> String {
    precondition(llama.contains(old), "no line \(old)")
    return llama.split(separator: "\n").map { $0.contains(old) ? new : String($0) }.joined(separator: "\n")
}

@Suite("model configurations")
struct ModelConfigTests {
    private func problems(in text: String) -> [String] {
        do throws(InputError) {
            _ = try ModelArchitecture.read(text, file: "c.json", id: "m")
            return []
        } catch { return error.diagnostics.map(\.description) }
    }

    @Test("a dense model reads as its dimensions")
    func dense() throws {
        let (model, warnings) = try ModelArchitecture.read(llama, file: "c.json", id: "llama")
        #expect(
            model
                == ModelArchitecture(
                    id: "llama", hiddenSize: 4096, intermediateSize: 14336, layers: 32, heads: 32, keyValueHeads: 8,
                    headSize: 128, vocabularySize: 128256, maxPositions: 8192, tiesEmbeddings: false))
        #expect(warnings.isEmpty)
    }

    @Test("without key-value heads there are as many as heads; a stated head size wins")
    func defaults() throws {
        let (model, _) = try ModelArchitecture.read(
            llama("num_key_value_heads", "\"head_dim\": 64,"), file: "c.json", id: "m")
        #expect(model.keyValueHeads == 32 && model.headSize == 64)
    }

    @Test("experts, latent attention and fp8 are recognised")
    func mixture() throws {
        let text = llama(
            "tie_word_embeddings",
            """
            "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6, "moe_intermediate_size": 1408,
            "first_k_dense_replace": 1, "kv_lora_rank": 512, "q_lora_rank": null, "qk_rope_head_dim": 64,
            "qk_nope_head_dim": 128, "v_head_dim": 128, "quantization_config": {"quant_method": "fp8"},
            """)
        let (model, _) = try ModelArchitecture.read(text, file: "c.json", id: "m")
        #expect(
            model.experts == .init(routed: 64, shared: 2, activePerToken: 6, intermediateSize: 1408, denseLayers: 1))
        #expect(
            model.latentAttention
                == .init(keyValueRank: 512, queryRank: nil, ropeHeadSize: 64, nopeHeadSize: 128, valueHeadSize: 128))
        #expect(model.weightType == .fp8 && model.headSize == 192)
    }

    @Test("a sliding window below the context is warned of")
    func window() throws {
        let (_, warnings) = try ModelArchitecture.read(
            llama("tie_word", "\"sliding_window\": 4096,"), file: "c.json", id: "m")
        #expect(warnings.map(\.description).first?.hasPrefix("c.json:11:19: warning: sliding_window 4096") == true)
    }

    private static let malformedTexts: [(String, String)] = [
        (llama("hidden_size\"", ""), "c.json:1:1: error: a model configuration has no \"hidden_size\""),
        (llama("vocab_size", ""), "has no \"vocab_size\", expected a whole number from 1 to"),
        (llama("num_hidden", "\"num_hidden_layers\": 0,"), "c.json:6:22: error: num_hidden_layers: found \"0\""),
        (
            llama("num_hidden", "\"num_hidden_layers\": \"32\","),
            "c.json:6:22: error: num_hidden_layers: found the string \"32\""
        ),
        (
            llama("num_key", "\"num_key_value_heads\": 5,"),
            "c.json:8:24: error: num_key_value_heads: found 5, expected a divisor of the 32"
        ),
        (
            llama("num_attention", "  \"num_attention_heads\": 24,"),
            "c.json:7:26: error: num_attention_heads: found 24, expected a divisor of hidden_size 4096"
        ),
        (
            llama("LlamaFor", "  \"architectures\": [\"BertModel\"],"),
            "c.json:2:20: error: architectures: found \"BertModel\", expected a decoder-only"
        ),
        (llama("tie_word", "\"is_encoder_decoder\": true,"), "c.json:11:23: error: is_encoder_decoder: found true"),
        (
            llama("model_type", "\"model_type\": \"gpt_neox\","),
            "c.json:3:15: error: model_type: found \"gpt_neox\""
        ),
        (llama("torch_dtype", "\"torch_dtype\": \"int4\""), "c.json:12:16: error: torch_dtype: found \"int4\""),
        (
            llama("torch_dtype", "\"quantization_config\": {\"quant_method\": \"awq\"}"),
            "c.json:12:41: error: quant_method: found \"awq\""
        ),
        (
            llama("tie_word", "\"num_local_experts\": 8,"),
            "has no \"num_experts_per_tok\", expected a whole number from 1 to 8"
        ),
        (llama("tie_word", "\"kv_lora_rank\": 512,"), "has no \"qk_rope_head_dim\""),
        ("{\"hidden_size\": 4096,", "c.json:1:22: error: not YAML or JSON"),
        ("[]", "c.json:1:1: error: found an empty list, expected a model configuration"),
    ]

    @Test("a malformed configuration is reported at its place", arguments: malformedTexts)
    func malformed(text: String, expected: String) {
        let problems = problems(in: text)
        #expect(problems.contains { $0.contains(expected) }, "\(problems)")
    }

    @Test(
        "dimensions that are accepted never overflow", arguments: ["1048576", "8192", "9223372036854775807", "1e300"])
    func extremes(value: String) throws {
        for key in ["hidden_size", "intermediate_size", "num_attention_heads", "head_dim", "vocab_size"] {
            let text = llama("\"num_key_value_heads\"", "\"head_dim\": 8192, \"unused\": 0,")
            let changed = text.split(separator: "\n").map { line in
                line.contains("\"\(key)\"") ? "\"\(key)\": \(value)," : String(line)
            }.joined(separator: "\n")
            guard let model = try? ModelArchitecture.read(changed, file: "c.json", id: "m").architecture else {
                continue
            }
            #expect(model.weightBytes > 0 && model.keyValueBytesPerToken > 0)
        }
    }

    @Test("a multimodal configuration is sent to its language model")
    func multimodal() {
        let found = problems(in: "{\"architectures\": [\"LlavaForConditionalGeneration\"], \"text_config\": {}}")
        #expect(found.first?.contains("help: copy the object under \"text_config\"") == true)
    }
}
