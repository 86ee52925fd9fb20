// Causal attention of prompt chunks through cuDNN's graph interface. Bottom-right aligned: the last
// query sees every cached token.
#pragma once
#include <cuda_bf16.h>

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "Device/Partition.h"

namespace kernels {

struct PrefillShape {
  int batch = 1;
  int queryLength = 0;   ///< per sequence
  int past = 0;          ///< cached tokens before the chunk
  int heads = 32, kvHeads = 8, headDim = 128;
  int64_t queryTokenStride = 0, kvTokenStride = 0;  ///< elements; 0: densely packed heads
  std::vector<int> queryLengths;  ///< unequal sequences, packed one after the other; past is 0 then
  int lengthMax = 0;  ///< > 0: unequal sequences up to this long, whose lengths `setLengths` gives before each run
  int slot = 0;       ///< below `slotsMax`: tells apart lengths that are held at the same time
  static constexpr int slotsMax = 32;
  auto key() const {
    return std::make_tuple(batch, queryLength, past, heads, kvHeads, queryTokenStride, kvTokenStride, queryLengths, lengthMax);
  }
};

class PrefillAttention {
 public:
  PrefillAttention();
  ~PrefillAttention();
  /// "" when cuDNN and its frontend were built in and load; otherwise why not.
  static std::string unavailable();
  static std::string version();

  /// Builds the execution plan; run() then only launches. Plans are kept per shape and partition.
  void prepare(device::Partition& partition, const PrefillShape& shape);
  /// Of a shape with `lengthMax`: `batch` lengths for the runs that are queued on `stream` from now on. They are copied from
  /// memory of the plan, so the stream has to be idle when the next ones are given.
  void setLengths(device::Partition& partition, const PrefillShape& shape, const std::vector<int>& lengths, cudaStream_t stream);
  void run(device::Partition& partition, const PrefillShape& shape, const __nv_bfloat16* q, const __nv_bfloat16* k,
           const __nv_bfloat16* v, __nv_bfloat16* out, cudaStream_t stream);
  std::string planName(device::Partition& partition, const PrefillShape& shape);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kernels
