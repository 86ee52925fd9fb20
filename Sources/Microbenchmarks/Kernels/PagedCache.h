// A pool of KV pages and block tables that hand its pages out in random order.
#pragma once
#include <cuda_bf16.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "DecodeAttention.h"

namespace kernels {

class PagedCache {
 public:
  PagedCache(int64_t pages, int kvHeads, uint64_t seed) : pages_(pages), kvHeads_(kvHeads), keys_(bytes()), values_(bytes()), order_(pages) {
    device::fillRandomBF16(keys_.as(), bytes() / 2, 1, seed);
    device::fillRandomBF16(values_.as(), bytes() / 2, 1, seed + 1);
    std::iota(order_.begin(), order_.end(), 0);
    std::shuffle(order_.begin(), order_.end(), std::mt19937_64(seed));
  }
  int64_t pages() const { return pages_; }
  const __nv_bfloat16* keys() const { return keys_.as<__nv_bfloat16>(); }
  const __nv_bfloat16* values() const { return values_.as<__nv_bfloat16>(); }
  __nv_bfloat16* keys() { return keys_.as<__nv_bfloat16>(); }
  __nv_bfloat16* values() { return values_.as<__nv_bfloat16>(); }

  /// [sequence][pagesMax] starting with the `first`-th page of the random order.
  std::vector<int> table(const std::vector<int>& contexts, int pagesMax, int64_t first) const {
    std::vector<int> table(contexts.size() * pagesMax, 0);
    for (size_t sequence = 0; sequence < contexts.size(); ++sequence)
      for (int page = 0; page < (contexts[sequence] + decodePageSize - 1) / decodePageSize; ++page)
        table[sequence * pagesMax + page] = order_[first++ % pages_];
    return table;
  }

 private:
  size_t bytes() const { return size_t(pages_) * kvHeads_ * decodePageSize * decodeHeadDim * 2; }
  int64_t pages_;
  int kvHeads_;
  device::Buffer keys_, values_;
  std::vector<int> order_;
};

}  // namespace kernels
