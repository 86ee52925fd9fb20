#include <algorithm>

#include "Lanes.h"
#include "Rules.h"

namespace serving {
namespace {

using kernels::Gemm;
using kernels::GemmType;

constexpr int promptsPerLaunch = 8, promptsMax = promptsPerLaunch * kernels::PrefillShape::slotsMax;

/// Rows at which products are tuned: a batch takes the algorithm of the next larger ones.
std::vector<int> tunedRows(int rowsMax) {
  std::vector<int> rows = {16, 32};
  for (int next = 64; rows.back() < rowsMax; next += next < 1024 ? 64 : next < 2048 ? 128 : next < 8192 ? 512 : 1024) rows.push_back(next);
  return rows;
}

int lengthMax(int tokens) {
  int length = 512;
  while (length < tokens) length *= 2;
  return length;
}

}  // namespace

PrefillLane::PrefillLane(kernels::Bench& bench, kernels::ModelState& state, device::Partition& partition, int rowsMax)
    : Lane(bench, state, partition, tunedRows(rowsMax).back()), positionsHost_(tunedRows(rowsMax).back()), slotsHost_(tunedRows(rowsMax).back()),
      lastRowsHost_(promptsMax), tokensHost_(promptsMax) {
  const auto rows = tunedRows(rowsMax);
  positions_ = device::Buffer(rows.back() * sizeof(int));
  slots_ = device::Buffer(rows.back() * sizeof(int));
  lastRowIndices_ = device::Buffer(promptsMax * sizeof(int));
  auto own = [](const Gemm::Plan* plan) { return Gemm::withOwnRows(*plan, GemmType::bf16); };
  for (int most : rows) {
    const auto products = planProducts(most, 1);
    tuned_[most] = {own(products.qkv), own(products.o), own(products.gateUp), own(products.down)};
  }
  for (int prompts = 1; prompts <= promptsMax; prompts *= 2) heads_[prompts] = own(planProducts(rows[0], prompts).head);
  // Plans and modules load now, not in front of a request.
  std::vector<int> tokens;
  for (int prompts = 1; prompts <= promptsPerLaunch; ++prompts)
    for (int length = 512; length <= lengthMax(rowsMax); length *= 2) {
      const int each = std::min(length, rows.back() / prompts);
      if (lengthMax(each) == length) run(std::vector<Prompt>(prompts, {each, 0}), tokens);
    }
  for (int most : rows) run({{most, 0}}, tokens);
  fallbacks_ = 0;
}

const Gemm::Plan* PrefillLane::resized(Gemm::Plan& plan, int rows) {
  fallbacks_ += !bench_.gemm->setRows(partition, plan, rows);
  return &plan;
}

void PrefillLane::setProducts(int rows, int prompts) {
  auto& plans = tuned_.lower_bound(rows)->second;
  rows_ = rows;
  headRows_ = prompts;
  products_ = {resized(plans.qkv, rows), resized(plans.o, rows), resized(plans.gateUp, rows), resized(plans.down, rows),
               resized(heads_.lower_bound(prompts)->second, prompts)};
}

void PrefillLane::setPrompts(const std::vector<Prompt>& prompts, cudaStream_t stream) {
  prompts_.clear();
  int row = 0;
  for (size_t first = 0; first < prompts.size(); first += promptsPerLaunch) {
    auto shape = promptShape();
    shape.slot = static_cast<int>(prompts_.size());
    shape.batch = static_cast<int>(std::min<size_t>(promptsPerLaunch, prompts.size() - first));
    const int firstRow = row;
    std::vector<int> lengths;
    for (size_t i = first; i < first + shape.batch; ++i) {
      lengths.push_back(prompts[i].tokens);
      const int64_t firstSlot = prompts[i].firstPage * kernels::decodePageSize;
      for (int token = 0; token < prompts[i].tokens; ++token, ++row) {
        positionsHost_[row] = token;
        slotsHost_[row] = static_cast<int>(firstSlot + token);
      }
      lastRowsHost_[i] = row - 1;
    }
    shape.lengthMax = lengthMax(*std::max_element(lengths.begin(), lengths.end()));
    bench_.prefill->prepare(partition, shape);
    bench_.prefill->setLengths(partition, shape, lengths, stream);
    prompts_.push_back({shape, firstRow});
  }
  auto copy = [&](const device::Buffer& to, Pinned<int>& from, int count) {
    CUDA_CHECK(cudaMemcpyAsync(to.as(), from.data(), count * sizeof(int), cudaMemcpyHostToDevice, stream));
  };
  copy(positions_, positionsHost_, row);
  copy(slots_, slotsHost_, row);
  copy(lastRowIndices_, lastRowsHost_, static_cast<int>(prompts.size()));
}

double PrefillLane::run(const std::vector<Prompt>& prompts, std::vector<int>& firstTokens) {
  if (prompts.size() > promptsMax) throw std::runtime_error("more prompts than a batch may have");
  const auto stream = partition.stream;
  int rows = 0;
  for (const auto& prompt : prompts) rows += prompt.tokens;
  setPrompts(prompts, stream);
  setProducts(rows, static_cast<int>(prompts.size()));
  time_.begin(stream);
  Lane::run(state_.layers, true, stream);
  time_.end(stream);
  CUDA_CHECK(cudaMemcpyAsync(tokensHost_.data(), ids_.as(), prompts.size() * sizeof(int), cudaMemcpyDeviceToHost, stream));
  CUDA_CHECK(cudaStreamSynchronize(stream));
  firstTokens.assign(tokensHost_.data(), tokensHost_.data() + prompts.size());
  return time_.seconds();
}

}  // namespace serving
