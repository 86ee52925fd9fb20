// Host side of decode attention: cutting a batch into work items.
#include <algorithm>
#include <cmath>
#include <limits>

#include "DecodeAttention.h"

namespace kernels {
namespace {

constexpr int warpsPerBlock = 4, blocksPerSM = 2;

}  // namespace

int choosePagesPerSplit(const std::vector<int>& pages, int kvHeads, int slots) {
  const int longest = *std::max_element(pages.begin(), pages.end());
  // Start-up and merging of a block cost about as much as this many pages.
  constexpr double overheadPages = 16;
  double best = std::numeric_limits<double>::infinity();
  int bestChunk = std::max(1, longest);
  for (double ratio = 1; ; ratio *= 1.15) {
    const int chunk = std::max(warpsPerBlock, static_cast<int>(longest / ratio + warpsPerBlock - 1) / warpsPerBlock * warpsPerBlock);
    double items = 0;
    for (int count : pages) items += (count + chunk - 1) / chunk;
    items *= kvHeads;
    const double waves = items / slots;
    // Many waves smear out; few are quantised.
    const double rounds = waves <= 4 ? std::ceil(waves) : waves + 0.5;
    const double cost = rounds * (std::min(chunk, longest) + overheadPages);
    if (cost < best * 0.999) {
      best = cost;
      bestChunk = chunk;
    }
    if (chunk <= warpsPerBlock) break;
  }
  return bestChunk;
}

DecodeCut::DecodeCut(const std::vector<int>& contexts, int kvHeads, int sms) {
  std::vector<int> pages;
  for (int tokens : contexts) pages.push_back((tokens + decodePageSize - 1) / decodePageSize);
  pagesPerSplit = choosePagesPerSplit(pages, kvHeads, sms * blocksPerSM);
  for (int sequence = 0; sequence < static_cast<int>(contexts.size()); ++sequence) {
    firstPartial.push_back(slots);
    const int count = (pages[sequence] + pagesPerSplit - 1) / pagesPerSplit;
    splits.push_back(count);
    slots += count;
    for (int split = 0; split < count; ++split) {
      // Splits of one sequence differ by at most one page.
      const int begin = static_cast<int>(int64_t(pages[sequence]) * split / count);
      const int end = static_cast<int>(int64_t(pages[sequence]) * (split + 1) / count);
      items.push_back({sequence, begin, end - begin, split});
    }
  }
  // Longest first: the tail of the launch then consists of short blocks.
  std::stable_sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.pageCount > b.pageCount; });
}

DecodePlan::DecodePlan(const std::vector<int>& contexts, int heads, int kvHeads, int sms) : batch_(static_cast<int>(contexts.size())) {
  for (int tokens : contexts) totalTokens_ += tokens;
  const DecodeCut cut(contexts, kvHeads, sms);
  pagesPerSplit_ = cut.pagesPerSplit;
  items_ = device::upload(cut.items);
  contexts_ = device::upload(contexts);
  firstPartial_ = device::upload(cut.firstPartial);
  splits_ = device::upload(cut.splits);
  partialOutput_ = device::Buffer(size_t(cut.slots) * heads * decodeHeadDim * sizeof(float));
  partialLse_ = device::Buffer(size_t(cut.slots) * heads * sizeof(float));
  arrivals_ = device::upload(std::vector<int>(size_t(batch_) * kvHeads, 0));
  arguments_ = {items_.as<DecodeWorkItem>(), contexts_.as<int>(), firstPartial_.as<int>(), splits_.as<int>(),
                partialOutput_.as<float>(), partialLse_.as<float>(), arrivals_.as<int>(), static_cast<int>(cut.items.size()), heads, kvHeads};
}

}  // namespace kernels
