#include "PrefillAttention.h"

#ifdef PHASEWISE_WITH_CUDNN

#include <cudnn_frontend.h>

#include <algorithm>
#include <cmath>

namespace kernels {
namespace {

namespace fe = cudnn_frontend;
enum Identifier : int64_t { idQ = 1, idK, idV, idO, idQueryLengths, idKeyLengths, idQueryOffsets, idKeyOffsets, idOutputOffsets };

void require(fe::error_t status) {
  if (status.is_bad()) device::fail("cuDNN: " + status.get_message(), __FILE_NAME__, __LINE__);
}

}  // namespace

struct PrefillAttention::State {
  struct Plan {
    std::shared_ptr<fe::graph::Graph> graph;
    device::Buffer queryLengths, queryOffsets, keyOffsets, outputOffsets;
    std::unordered_map<int64_t, void*> fixedOperands;
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
  const bool ragged = !shape.queryLengths.empty();
  const int64_t b = shape.batch, d = shape.headDim, h = shape.heads, hkv = shape.kvHeads;
  const int64_t sq = ragged ? *std::max_element(shape.queryLengths.begin(), shape.queryLengths.end()) : shape.queryLength;
  const int64_t skv = ragged ? sq : sq + shape.past;
  const int64_t strideQ = shape.queryTokenStride ? shape.queryTokenStride : h * d;
  const int64_t strideKV = shape.kvTokenStride ? shape.kvTokenStride : hkv * d;

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
    std::vector<int> offsetsQ(1, 0), offsetsKV(1, 0), offsetsO(1, 0);
    for (int length : shape.queryLengths) {
      offsetsQ.push_back(offsetsQ.back() + static_cast<int>(length * strideQ));
      offsetsKV.push_back(offsetsKV.back() + static_cast<int>(length * strideKV));
      offsetsO.push_back(offsetsO.back() + static_cast<int>(length * h * d));
    }
    plan.queryLengths = device::upload(shape.queryLengths);
    plan.queryOffsets = device::upload(offsetsQ);
    plan.keyOffsets = device::upload(offsetsKV);
    plan.outputOffsets = device::upload(offsetsO);
    auto queryOffsets = integers("offsets_q", idQueryOffsets, b + 1), keyOffsets = integers("offsets_kv", idKeyOffsets, b + 1);
    q->set_ragged_offset(queryOffsets);
    k->set_ragged_offset(keyOffsets);
    v->set_ragged_offset(keyOffsets);
    options.set_padding_mask(true).set_seq_len_q(integers("lengths_q", idQueryLengths, b)).set_seq_len_kv(integers("lengths_kv", idKeyLengths, b));
    plan.fixedOperands = {{idQueryLengths, plan.queryLengths.as()}, {idKeyLengths, plan.queryLengths.as()}, {idQueryOffsets, plan.queryOffsets.as()},
                          {idKeyOffsets, plan.keyOffsets.as()}, {idOutputOffsets, plan.outputOffsets.as()}};
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

void PrefillAttention::run(device::Partition& partition, const PrefillShape& shape, const __nv_bfloat16* q, const __nv_bfloat16* k,
                           const __nv_bfloat16* v, __nv_bfloat16* out, cudaStream_t stream) {
  auto& own = state_->partitions.at(&partition);
  auto& plan = own.plans.at(shape.key());
  auto operands = plan.fixedOperands;
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
void PrefillAttention::run(device::Partition&, const PrefillShape&, const __nv_bfloat16*, const __nv_bfloat16*, const __nv_bfloat16*,
                           __nv_bfloat16*, cudaStream_t) {}
std::string PrefillAttention::planName(device::Partition&, const PrefillShape&) { return ""; }

}  // namespace kernels

#endif
