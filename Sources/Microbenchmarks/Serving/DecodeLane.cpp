#include <algorithm>

#include "Lanes.h"
#include "Rules.h"

namespace serving {
namespace {

using kernels::decodePageSize;
using kernels::DecodeCut;
using kernels::DecodeWorkItem;

// The plan of a step in one block: contexts, first partial results and splits of each sequence, then the items.
constexpr int itemsMax = 8192, itemsOffset = 3 * sequencesMax;
constexpr int planIntegers = itemsOffset + itemsMax * static_cast<int>(sizeof(DecodeWorkItem) / sizeof(int));

/// Makes a green context, if there is one, the thread's current one for a while.
class CurrentContext {
 public:
  explicit CurrentContext(CUgreenCtx green) : pushed_(green != nullptr) {
    if (!pushed_) return;
    static const auto contextOf = DRIVER(cuCtxFromGreenCtx);
    static const auto push = DRIVER(cuCtxPushCurrent);
    CUcontext context;
    STATUS_CHECK(contextOf(&context, green));
    STATUS_CHECK(push(context));
  }
  ~CurrentContext() {
    static const auto pop = DRIVER(cuCtxPopCurrent);
    CUcontext context;
    if (pushed_) pop(&context);
  }

 private:
  bool pushed_;
};

}  // namespace

DecodeLane::DecodeLane(kernels::Bench& bench, kernels::ModelState& state, device::Partition& partition, int pagesMax)
    : Lane(bench, state, partition, sequencesMax), rowPages_(sequencesMax), planHost_(planIntegers), rowsHost_(3 * sequencesMax),
      tablesHost_(size_t(sequencesMax) * pagesMax), tokensHost_(sequencesMax) {
  const auto& m = state.model;
  const int heads = static_cast<int>(m.heads), kvHeads = static_cast<int>(m.kvHeads);
  pagesMax_ = pagesMax;
  positions_ = device::upload(std::vector<int>(sequencesMax, 0));
  slots_ = device::upload(std::vector<int>(sequencesMax, 0));
  tables_ = device::upload(std::vector<int>(size_t(sequencesMax) * pagesMax, 0));
  arrivals_ = device::upload(std::vector<int>(size_t(sequencesMax) * kvHeads, 0));
  partialOutput_ = device::Buffer(size_t(itemsMax) * heads * kernels::decodeHeadDim * sizeof(float));
  partialLse_ = device::Buffer(size_t(itemsMax) * heads * sizeof(float));
  // One token of one sequence, for the first run of each graph.
  std::vector<int> plan(planIntegers, 0);
  plan[0] = 1;
  plan[2 * sequencesMax] = 1;
  plan[itemsOffset + 2] = 1;
  plan_ = device::upload(plan);
  auto* integers = plan_.as<int>();
  arguments_ = {reinterpret_cast<const DecodeWorkItem*>(integers + itemsOffset), integers, integers + sequencesMax, integers + 2 * sequencesMax,
                partialOutput_.as<float>(), partialLse_.as<float>(), arrivals_.as<int>(), 1, heads, kvHeads};
  decode_ = &arguments_;
  for (int batch : graphBatches()) capture(batch);
}

void DecodeLane::capture(int batch) {
  rows_ = headRows_ = batch;
  products_ = planProducts(batch, batch);
  run(state_.layers, true, partition.stream);  // first use of a kernel loads its module
  CUDA_CHECK(cudaStreamSynchronize(partition.stream));
  auto& captured = graphs_[batch];
  captured.items = arguments_.itemCount;
  captured.graph = std::make_unique<device::Graph>(partition.stream, [&](cudaStream_t stream) { run(state_.layers, true, stream); });
  size_t count = 0;
  CUDA_CHECK(cudaGraphGetNodes(captured.graph->graph(), nullptr, &count));
  std::vector<cudaGraphNode_t> nodes(count);
  CUDA_CHECK(cudaGraphGetNodes(captured.graph->graph(), nodes.data(), &count));
  const auto parametersOf = DRIVER(cuGraphKernelNodeGetParams);
  for (auto node : nodes) {
    cudaGraphNodeType type;
    CUDA_CHECK(cudaGraphNodeGetType(node, &type));
    if (type != cudaGraphNodeTypeKernel) continue;
    AttentionNode found{node, {}};
    STATUS_CHECK(parametersOf(node, &found.parameters));
    if (found.parameters.sharedMemBytes == kernels::decodeSharedBytes && found.parameters.blockDimX == kernels::decodeBlockThreads)
      captured.attention.push_back(found);
  }
  if (captured.attention.size() != static_cast<size_t>(state_.layers))
    throw std::runtime_error("found " + std::to_string(captured.attention.size()) + " attention kernels in a graph of " + std::to_string(state_.layers) + " layers");
  captured.graph->launch(partition.stream);
  CUDA_CHECK(cudaStreamSynchronize(partition.stream));
}

void DecodeLane::setItems(Captured& captured, int items) {
  if (captured.items == items) return;
  static const auto setParameters = DRIVER(cuGraphExecKernelNodeSetParams);
  // Nodes that were captured in a green context can only be changed while it is the current one.
  const CurrentContext current(partition.context);
  for (auto& attention : captured.attention) {
    attention.parameters.gridDimX = items * arguments_.kvHeads;
    STATUS_CHECK(setParameters(captured.graph->executable(), attention.node, &attention.parameters));
  }
  captured.items = items;
}

void DecodeLane::setInputs(const std::vector<Sequence>& sequences, int batch, cudaStream_t stream) {
  const int count = static_cast<int>(sequences.size());
  std::vector<int> contexts(count);
  int *tokens = rowsHost_.data(), *positions = tokens + sequencesMax, *slots = positions + sequencesMax;
  auto copy = [&](void* to, const int* from, size_t integers) {
    CUDA_CHECK(cudaMemcpyAsync(to, from, integers * sizeof(int), cudaMemcpyHostToDevice, stream));
  };
  for (int row = 0; row < batch; ++row) {
    // Rows of padding write to the first page, which no sequence has.
    tokens[row] = row < count ? sequences[row].token : 0;
    positions[row] = row < count ? sequences[row].context : 0;
    slots[row] = row < count ? static_cast<int>(sequences[row].firstPage * decodePageSize + sequences[row].context) : 0;
    if (row >= count) continue;
    contexts[row] = sequences[row].context + 1;
    const std::pair pages(sequences[row].firstPage, sequences[row].pages);
    if (rowPages_[row] == pages) continue;
    rowPages_[row] = pages;
    int* table = tablesHost_.data() + size_t(row) * pagesMax_;
    for (int page = 0; page < sequences[row].pages; ++page) table[page] = static_cast<int>(sequences[row].firstPage) + page;
    copy(tables_.as<int>() + size_t(row) * pagesMax_, table, sequences[row].pages);
  }
  const DecodeCut cut(contexts, arguments_.kvHeads, partition.granted);
  const int items = static_cast<int>(cut.items.size());
  if (items > itemsMax) throw std::runtime_error("more pieces of attention than there is memory for");
  std::copy(contexts.begin(), contexts.end(), planHost_.data());
  std::copy(cut.firstPartial.begin(), cut.firstPartial.end(), planHost_.data() + sequencesMax);
  std::copy(cut.splits.begin(), cut.splits.end(), planHost_.data() + 2 * sequencesMax);
  std::copy(cut.items.begin(), cut.items.end(), reinterpret_cast<DecodeWorkItem*>(planHost_.data() + itemsOffset));
  copy(plan_.as(), planHost_.data(), itemsOffset + size_t(items) * sizeof(DecodeWorkItem) / sizeof(int));
  copy(ids_.as(), tokens, batch);
  copy(positions_.as(), positions, batch);
  copy(slots_.as(), slots, batch);
  setItems(graphs_.at(batch), items);
}

double DecodeLane::step(std::vector<Sequence>& sequences) {
  const auto stream = partition.stream;
  const int batch = graphBatch(static_cast<int>(sequences.size()));
  setInputs(sequences, batch, stream);
  time_.begin(stream);
  graphs_.at(batch).graph->launch(stream);
  time_.end(stream);
  CUDA_CHECK(cudaMemcpyAsync(tokensHost_.data(), ids_.as(), sequences.size() * sizeof(int), cudaMemcpyDeviceToHost, stream));
  CUDA_CHECK(cudaStreamSynchronize(stream));
  for (size_t row = 0; row < sequences.size(); ++row) {
    sequences[row].context += 1;
    sequences[row].token = tokensHost_[row];
  }
  return time_.seconds();
}

}  // namespace serving
