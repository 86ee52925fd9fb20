// Slow attention in double precision for single rows, to check the fast kernels against.
#pragma once
#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace kernels {

/// Where token t of one KV head is: contiguous rows, or pages of 16 tokens through a block table.
struct KVView {
  const __nv_bfloat16 *keys = nullptr, *values = nullptr;  ///< first token of the head, or the page pool
  int64_t tokenStride = 0;                                 ///< in elements; contiguous layout only
  const int* pages = nullptr;                              ///< block table of the sequence; null: contiguous
  int kvHeads = 0, kvHead = 0;
};

/// ||row - reference|| / ||reference|| for one query row over the first `length` tokens.
double attentionRowError(const __nv_bfloat16* query, const KVView& kv, int64_t length, const __nv_bfloat16* row);

}  // namespace kernels
