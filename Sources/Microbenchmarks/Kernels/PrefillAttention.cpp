#include "PrefillAttention.h"

#ifdef PHASEWISE_WITH_CUDNN

#include <cudnn_frontend.h>

#include <algorithm>
#include <cmath>

namespace kernels {
namespace {

namespace fe = cudnn_frontend;
enum Identifier : int64_t { idQ = 1, idK, idV, idO, idQueryLengths, idKeyLengths, idQueryOffsets, idKeyOffsets, idOutputOffsets };

int64_t queryStride(const PrefillShape& shape) { return shape.queryTokenStride ? shape.queryTokenStride : int64_t(shape.heads) * shape.headDim; }
int64_t keyStride(const PrefillShape& shape) { return shape.kvTokenStride ? shape.kvTokenStride : int64_t(shape.kvHeads) * shape.headDim; }

/// Integers from one list of `lengthsAndOffsets` to the next, so that each is aligned.
size_t listStride(const PrefillShape& shape) { return size_t(shape.batch + 1 + 63) / 64 * 64; }

/// Four lists: lengths of sequences that are packed one after the other, and where they begin in queries, keys and outputs.
std::vector<int> lengthsAndOffsets(const PrefillShape& shape, const std::vector<int>& lengths) {
  std::vector<int> lists(4 * listStride(shape), 0);
  std::copy(lengths.begin(), lengths.end(), lists.begin());
  const int64_t strides[] = {queryStride(shape), keyStride(shape), int64_t(shape.heads) * shape.headDim};
  for (int list = 0; list < 3; ++list) {
    int* offsets = lists.data() + (list + 1) * listStride(shape);
    for (size_t i = 0; i < lengths.size(); ++i) offsets[i + 1] = offsets[i] + static_cast<int>(lengths[i] * strides[list]);
  }
  return lists;
}

void require(fe::error_t status) {
  if (status.is_bad()) device::fail("cuDNN: " + status.get_message(), __FILE_NAME__, __LINE__);
}

}  // namespace

struct PrefillAttention::State {
  struct Plan {
    std::shared_ptr<fe::graph::Graph> graph;
    device::Buffer lengths;  ///< the lists of `lengthsAndOffsets`, for each slot
    std::vector<int> hostLengths;
    int* list(const PrefillShape& shape, int index) const { return lengths.as<int>() + (4 * shape.slot + index) * listStride(shape); }
  };
  using Key = decltype(PrefillShape().key());
  struct PerPartition {
    cudnnHandle_t handle = nullptr;
    device::Buffer workspace;
    std::map<Key, Plan> plans;
  };
  std::map<const device::Partition*, PerPartition> partitions;
};

PrefillAttention::PrefillAttention() : state_(std::make_unique<State>()) {}
PrefillAttention::~PrefillAttention() = default;

std::string PrefillAttention::unavailable() { return ""; }

std::string PrefillAttention::version() {
  const size_t version = cudnnGetVersion();
  return std::to_string(version / 10000) + "." + std::to_string(version % 10000 / 100) + "." + std::to_string(version % 100);
}

void PrefillAttention::prepare(device::Partition& partition, const PrefillShape& shape) {
  auto& own = state_->partitions[&partition];
  if (!own.handle) {
    STATUS_CHECK(cudnnCreate(&own.handle));
    STATUS_CHECK(cudnnSetStream(own.handle, partition.stream));
  }
  if (own.plans.count(shape.key())) return;

  State::Plan plan;
  const bool ragged = !shape.queryLengths.empty() || shape.lengthMax > 0;
  const int64_t b = shape.batch, d = shape.headDim, h = shape.heads, hkv = shape.kvHeads;
  const int64_t sq = shape.lengthMax > 0 ? shape.lengthMax
                     : ragged            ? *std::max_element(shape.queryLengths.begin(), shape.queryLengths.end())
                                         : shape.queryLength;
  const int64_t skv = ragged ? sq : sq + shape.past;
  const int64_t strideQ = queryStride(shape), strideKV = keyStride(shape);

  auto graph = std::make_shared<fe::graph::Graph>();
  graph->set_io_data_type(fe::DataType_t::BFLOAT16).set_intermediate_data_type(fe::DataType_t::FLOAT).set_compute_data_type(fe::DataType_t::FLOAT);
  auto tensor = [&](const char* name, int64_t id, int64_t heads, int64_t length, int64_t tokenStride) {
    return graph->tensor(fe::graph::Tensor_attributes().set_name(name).set_uid(id).set_dim({b, heads, length, d}).set_stride({length * tokenStride, d, tokenStride, 1}));
  };
  auto integers = [&](const char* name, int64_t id, int64_t count) {
    return graph->tensor(fe::graph::Tensor_attributes().set_name(name).set_uid(id).set_data_type(fe::DataType_t::INT32).set_dim({count, 1, 1, 1}).set_stride({1, 1, 1, 1}));
  };
  auto q = tensor("q", idQ, h, sq, strideQ);
  auto k = tensor("k", idK, hkv, skv, strideKV);
  auto v = tensor("v", idV, hkv, skv, strideKV);
  auto options = fe::graph::SDPA_attributes().set_name("sdpa").set_generate_stats(false).set_attn_scale(1.0f / std::sqrt(float(d)));
  options.set_diagonal_alignment(shape.past ? fe::DiagonalAlignment_t::BOTTOM_RIGHT : fe::DiagonalAlignment_t::TOP_LEFT).set_diagonal_band_right_bound(0);
  if (ragged) {
    if (shape.lengthMax > 0) plan.hostLengths.resize(PrefillShape::slotsMax * 4 * listStride(shape));
    plan.lengths = device::upload(shape.lengthMax > 0 ? plan.hostLengths : lengthsAndOffsets(shape, shape.queryLengths));
    auto queryOffsets = integers("offsets_q", idQueryOffsets, b + 1), keyOffsets = integers("offsets_kv", idKeyOffsets, b + 1);
    q->set_ragged_offset(queryOffsets);
    k->set_ragged_offset(keyOffsets);
    v->set_ragged_offset(keyOffsets);
    options.set_padding_mask(true).set_seq_len_q(integers("lengths_q", idQueryLengths, b)).set_seq_len_kv(integers("lengths_kv", idKeyLengths, b));
  }
  auto [o, statistics] = graph->sdpa(q, k, v, options);
  o->set_output(true).set_uid(idO).set_dim({b, h, sq, d}).set_stride({sq * h * d, d, h * d, 1});
  if (ragged) o->set_ragged_offset(integers("offsets_o", idOutputOffsets, b + 1));
  require(graph->build(own.handle, {fe::HeurMode_t::A}));
  int64_t workspace = 0;
  require(graph->get_workspace_size(workspace));
  if (static_cast<size_t>(workspace) > own.workspace.bytes()) own.workspace = device::Buffer(workspace);
  plan.graph = graph;
  own.plans.emplace(shape.key(), std::move(plan));
}

void PrefillAttention::setLengths(device::Partition& partition, const PrefillShape& shape, const std::vector<int>& lengths, cudaStream_t stream) {
  auto& plan = state_->partitions.at(&partition).plans.at(shape.key());
  const auto lists = lengthsAndOffsets(shape, lengths);
  int* host = plan.hostLengths.data() + shape.slot * lists.size();
  std::copy(lists.begin(), lists.end(), host);
  CUDA_CHECK(cudaMemcpyAsync(plan.list(shape, 0), host, lists.size() * sizeof(int), cudaMemcpyHostToDevice, stream));
}

void PrefillAttention::run(device::Partition& partition, const PrefillShape& shape, const __nv_bfloat16* q, const __nv_bfloat16* k,
                           const __nv_bfloat16* v, __nv_bfloat16* out, cudaStream_t stream) {
  auto& own = state_->partitions.at(&partition);
  auto& plan = own.plans.at(shape.key());
  std::unordered_map<int64_t, void*> operands;
  if (plan.lengths.bytes() > 0)
    operands = {{idQueryLengths, plan.list(shape, 0)}, {idKeyLengths, plan.list(shape, 0)}, {idQueryOffsets, plan.list(shape, 1)},
                {idKeyOffsets, plan.list(shape, 2)}, {idOutputOffsets, plan.list(shape, 3)}};
  operands[idQ] = const_cast<__nv_bfloat16*>(q);
  operands[idK] = const_cast<__nv_bfloat16*>(k);
  operands[idV] = const_cast<__nv_bfloat16*>(v);
  operands[idO] = out;
  STATUS_CHECK(cudnnSetStream(own.handle, stream));
  require(plan.graph->execute(own.handle, operands, own.workspace.as()));
}

std::string PrefillAttention::planName(device::Partition& partition, const PrefillShape& shape) {
  std::string name;
  if (state_->partitions.at(&partition).plans.at(shape.key()).graph->get_plan_name(name).is_bad()) name = "unknown";
  return name;
}

}  // namespace kernels

#else

namespace kernels {

struct PrefillAttention::State {};
PrefillAttention::PrefillAttention() = default;
PrefillAttention::~PrefillAttention() = default;
std::string PrefillAttention::unavailable() {
  return "built without cuDNN: give CMake CUDNN_FRONTEND_INCLUDE_DIR and a cuDNN 9 installation";
}
std::string PrefillAttention::version() { return ""; }
void PrefillAttention::prepare(device::Partition&, const PrefillShape&) { device::fail(unavailable(), __FILE_NAME__, __LINE__); }
void PrefillAttention::setLengths(device::Partition&, const PrefillShape&, const std::vector<int>&, cudaStream_t) {}
void PrefillAttention::run(device::Partition&, const PrefillShape&, const __nv_bfloat16*, const __nv_bfloat16*, const __nv_bfloat16*,
                           __nv_bfloat16*, cudaStream_t) {}
std::string PrefillAttention::planName(device::Partition&, const PrefillShape&) { return ""; }

}  // namespace kernels

#endif
