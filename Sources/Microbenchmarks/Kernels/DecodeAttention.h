// Split-KV attention of one query token per sequence over a paged bf16 cache, head dimension 128.
#pragma once
#include <cuda_bf16.h>

#include <cstdint>
#include <vector>

#include "Device/Cuda.h"

namespace kernels {

constexpr int decodePageSize = 16;
constexpr int decodeHeadDim = 128;

/// A run of pages of one sequence, handled by one block per KV head.
struct DecodeWorkItem {
  int sequence, pageBegin, pageCount, split;
};

/// How a batch is cut up for a number of SMs. Built on the host from the context lengths, as
/// serving engines do once per batch shape. Pure arithmetic.
struct DecodeCut {
  DecodeCut(const std::vector<int>& contexts, int kvHeads, int sms);

  std::vector<DecodeWorkItem> items;
  std::vector<int> firstPartial, splits;  ///< per sequence
  int slots = 0;                          ///< of partial results
  int pagesPerSplit = 0;
};

/// A cut with the device memory that the kernel needs for it.
class DecodePlan {
 public:
  DecodePlan(const std::vector<int>& contexts, int heads, int kvHeads, int sms);

  struct Arguments {
    const DecodeWorkItem* items;
    const int* contexts;     ///< tokens per sequence
    const int* firstPartial; ///< first split slot of each sequence
    const int* splits;
    float* partialOutput;    ///< [slot][head][128]
    float* partialLse;       ///< [slot][head], log2
    int* arrivals;           ///< [sequence][kvHead], zero between launches
    int itemCount, heads, kvHeads;
  };
  const Arguments& arguments() const { return arguments_; }
  int64_t totalTokens() const { return totalTokens_; }
  int batch() const { return batch_; }
  int pagesPerSplit() const { return pagesPerSplit_; }

 private:
  device::Buffer items_, contexts_, firstPartial_, splits_, partialOutput_, partialLse_, arrivals_;
  Arguments arguments_ = {};
  int64_t totalTokens_ = 0;
  int batch_ = 0, pagesPerSplit_ = 0;
};

/// Threads and dynamic shared memory of a block of the attention kernel, by which it is found in a graph.
extern const unsigned decodeBlockThreads, decodeSharedBytes;

/// q and out: [batch][heads][128], rows `queryStride` elements apart in q.
/// keys and values: [page][kvHead][16][128]; blockTable: [batch][pagesPerSequenceMax].
void decodeAttention(const DecodePlan::Arguments& plan, const __nv_bfloat16* q, int64_t queryStride, const __nv_bfloat16* keys,
                     const __nv_bfloat16* values, const int* blockTable, int pagesPerSequenceMax, __nv_bfloat16* out,
                     cudaStream_t stream);

/// Pages each block should take so that `pages` (per sequence) fill the SMs evenly. Pure arithmetic.
int choosePagesPerSplit(const std::vector<int>& pages, int kvHeads, int slots);

}  // namespace kernels
