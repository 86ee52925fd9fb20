#include "Axes.h"

#include <algorithm>
#include <set>
#include <utility>

namespace harness {

const std::vector<int>& smCounts() {
  static const std::vector<int> counts = {8, 16, 24, 32, 48, 64, 80, 96, 112, 132};
  return counts;
}

const std::vector<int>& smCountsHeldOut() {
  static const std::vector<int> counts = {40, 72, 104};
  return counts;
}

const std::vector<int64_t>& gemmRows() {
  static const std::vector<int64_t> rows = {1,   2,   4,   8,   16,  24,   32,   48,   64,   96,   128,  192,  256,
                                            384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384};
  return rows;
}

std::vector<int64_t> gemmStepRows(int64_t most) {
  std::vector<int64_t> rows;
  for (int64_t m = 64; m <= most; m += m < 1024 ? 64 : m < 2048 ? 128 : 512)
    for (int64_t row : {m, m + 1})
      if (std::find(gemmRows().begin(), gemmRows().end(), row) == gemmRows().end()) rows.push_back(row);
  return rows;
}

const std::vector<int64_t>& gemmRowsCoarse() {
  static const std::vector<int64_t> rows = {1, 8, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192};
  return rows;
}

// Dimensions from the published model configurations (config.json of each model).
DenseModel llama3_8B() { return {"llama-3-8b", 4096, 14336, 32, 8, 128, 128256}; }
DenseModel llama3_70B() { return {"llama-3-70b", 8192, 28672, 64, 8, 128, 128256}; }
DenseModel qwen3_32B() { return {"qwen3-32b", 5120, 25600, 64, 8, 128, 151936}; }

std::vector<GemmShape> projections(const DenseModel& model, int tensorParallel) {
  const int64_t tp = tensorParallel;
  const int64_t heads = model.heads / tp;
  const int64_t kvHeads = std::max<int64_t>(1, model.kvHeads / tp);
  const std::string prefix = model.name + " tp" + std::to_string(tp) + " ";
  return {
      {prefix + "qkv", (heads + 2 * kvHeads) * model.headDim, model.hidden},
      {prefix + "o", model.hidden, heads * model.headDim},
      {prefix + "gate_up", 2 * model.intermediate / tp, model.hidden},
      {prefix + "down", model.hidden, model.intermediate / tp},
      {prefix + "lm_head", model.vocabulary / tp, model.hidden},
  };
}

std::vector<GemmShape> uniqueShapes(const std::vector<GemmShape>& shapes) {
  std::set<std::pair<int64_t, int64_t>> seen;
  std::vector<GemmShape> unique;
  for (const auto& shape : shapes)
    if (seen.insert({shape.n, shape.k}).second) unique.push_back(shape);
  return unique;
}

}  // namespace harness
