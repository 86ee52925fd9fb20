// The values every family walks over, and the projections of the models they come from.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace harness {

struct GemmShape {
  std::string name;  ///< e.g. "llama-3-8b tp2 gate_up"
  int64_t n, k;
};

struct DenseModel {
  std::string name;
  int64_t hidden, intermediate, heads, kvHeads, headDim, vocabulary;
};

const std::vector<int>& smCounts();         ///< fitted axis
const std::vector<int>& smCountsHeldOut();  ///< measured for validation only
const std::vector<int64_t>& gemmRows();     ///< M
const std::vector<int64_t>& gemmRowsCoarse();
/// M up to `most` at multiples of 64, from 1,024 on of 128, from 2,048 on of 512, each with the next; none of `gemmRows`.
std::vector<int64_t> gemmStepRows(int64_t most);

DenseModel llama3_8B();
DenseModel llama3_70B();
DenseModel qwen3_32B();

/// qkv, o, gate_up, down and lm_head after division over `tensorParallel` GPUs.
/// KV heads are never divided below one per GPU.
std::vector<GemmShape> projections(const DenseModel& model, int tensorParallel);

/// Shapes of equal (n, k) keep the first name.
std::vector<GemmShape> uniqueShapes(const std::vector<GemmShape>& shapes);

}  // namespace harness
