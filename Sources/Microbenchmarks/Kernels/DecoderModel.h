// A Llama-shaped decoder with random weights, assembled from the kernels the tables are made of.
//
// An iteration queues, in this order: embedding; per layer add_rms_norm, qkv product,
// rotary_and_cache, attention, o product, add_rms_norm, gate_up product, silu_multiply, down product;
// then add_rms_norm, lm_head product, argmax. The first norm of a prefill or decode iteration adds
// the output of the layer before it, as engines do.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "Bench.h"
#include "DecodeAttention.h"
#include "ElementwiseKernels.h"
#include "Gemm.h"
#include "Harness/Axes.h"
#include "PagedCache.h"
#include "PrefillAttention.h"

namespace kernels {

/// Weights and KV pools, shared by every lane that runs the model.
class ModelState {
 public:
  ModelState(const harness::DenseModel& model, int layers, int64_t cacheTokens);

  const harness::DenseModel model;
  const int layers;
  const bf16* weight(int layer, size_t offset) const { return weights_.as<bf16>() + layer * layerElements + offset; }
  size_t qkv, o, gateUp, down, layerElements;  ///< element offsets within a layer
  const bf16* head() const { return head_.as<bf16>(); }
  const bf16* embedding() const { return embedding_.as<bf16>(); }
  const bf16* norm() const { return norm_.as<bf16>(); }
  const float2* cosSin() const { return cosSin_.as<float2>(); }
  PagedCache& cache(int layer) { return *caches_[layer]; }
  static constexpr int positionsMax = 32768;

 private:
  device::Buffer weights_, head_, embedding_, norm_, cosSin_;
  std::vector<std::unique_ptr<PagedCache>> caches_;
};

/// One user of the model: a partition with its own activations and plans.
class Lane {
 public:
  Lane(Bench& bench, ModelState& state, device::Partition& partition, int tokensMax);

  /// Every sequence has `context` tokens, the new one included.
  void prepareDecode(int batch, int context);
  /// `batch` prompts of equal length, together `tokens`.
  void preparePrefill(int tokens, int batch);

  /// The kernels of an iteration; `norm` is the one that adds the residual too.
  enum class Part { embedding, norm, qkv, rotary, attention, o, gateUp, silu, down, head, argmax };

  /// Queues the prepared iteration over the first `layers` layers; embedding and head only with `whole`.
  /// `atLayer`, if any, is called before each layer and behind the last.
  void run(int layers, bool whole, cudaStream_t stream, const std::function<void(int layer)>& atLayer = {});

  /// Queues one kernel of the prepared iteration.
  void launch(Part part, int layer, cudaStream_t stream);

  device::Partition& partition;

 protected:
  /// The products of an iteration.
  struct Products {
    const Gemm::Plan *qkv = nullptr, *o = nullptr, *gateUp = nullptr, *down = nullptr, *head = nullptr;
  };
  /// Prompts that attend in one launch; their tokens are rows from `firstRow` on.
  struct PromptGroup {
    PrefillShape shape;
    int firstRow = 0;
  };
  static constexpr int headRowsMax = 512;

  Products planProducts(int rows, int headRows);
  void product(const Gemm::Plan* plan, const bf16* w, const bf16* x, bf16* y, cudaStream_t stream);
  PrefillShape promptShape() const;

  Bench& bench_;
  ModelState& state_;
  // The prepared iteration.
  std::vector<PromptGroup> prompts_;
  const DecodePlan::Arguments* decode_ = nullptr;  ///< null: prefill
  int rows_ = 0, headRows_ = 0, pagesMax_ = 0;
  Products products_;
  device::Buffer ids_, positions_, slots_, tables_;
  device::Buffer lastRowIndices_;  ///< of a prefill: the rows that the head sees

 private:
  std::unique_ptr<DecodePlan> decodePlan_;
  device::Buffer residual_, hidden_, qkv_, attention_, gateUp_, activation_, delta_, logits_, lastRows_;
};

}  // namespace kernels
