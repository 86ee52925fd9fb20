#include "DecoderModel.h"

#include <cmath>

namespace kernels {
namespace {

// The rows the head sees: the last token of each prompt.
__global__ void gatherLastRows(const bf16* x, bf16* out, const int* rows, int hidden) {
  const size_t source = rows[blockIdx.x];
  reinterpret_cast<uint4*>(out)[size_t(blockIdx.x) * hidden / 8 + threadIdx.x] =
      reinterpret_cast<const uint4*>(x)[source * hidden / 8 + threadIdx.x];
}

}  // namespace

ModelState::ModelState(const harness::DenseModel& model, int layers, int64_t cacheTokens) : model(model), layers(layers) {
  const size_t hidden = model.hidden, width = (model.heads + 2 * model.kvHeads) * model.headDim;
  qkv = 0;
  o = qkv + width * hidden;
  gateUp = o + hidden * model.heads * model.headDim;
  down = gateUp + 2 * model.intermediate * hidden;
  layerElements = down + hidden * model.intermediate;
  weights_ = device::Buffer(layerElements * layers * 2);
  head_ = device::Buffer(size_t(model.vocabulary) * hidden * 2);
  embedding_ = device::Buffer(size_t(model.vocabulary) * hidden * 2);
  norm_ = device::Buffer(hidden * 2);
  cosSin_ = device::Buffer(size_t(positionsMax) * 64 * sizeof(float2));
  // Variance 1/k keeps activations of order one through all layers.
  const float scale = std::sqrt(3.0f / hidden);
  device::fillRandomBF16(weights_.as(), layerElements * layers, scale, 61);
  device::fillRandomBF16(head_.as(), head_.bytes() / 2, scale, 62);
  device::fillRandomBF16(embedding_.as(), embedding_.bytes() / 2, 1, 63);
  device::fillRandomBF16(norm_.as(), hidden, 1, 64);
  fillCosSin(cosSin_.as<float2>(), positionsMax, nullptr);
  for (int layer = 0; layer < layers; ++layer)
    caches_.push_back(std::make_unique<PagedCache>(cacheTokens / decodePageSize, model.kvHeads, 65 + 2 * layer));
  CUDA_CHECK(cudaDeviceSynchronize());
}

Lane::Lane(Bench& bench, ModelState& state, device::Partition& partition, int tokensMax) : partition(partition), bench_(bench), state_(state) {
  const auto& model = state.model;
  const size_t t = tokensMax, hidden = model.hidden;
  residual_ = device::Buffer(t * hidden * 2);
  hidden_ = device::Buffer(t * hidden * 2);
  delta_ = device::Buffer(t * hidden * 2);
  attention_ = device::Buffer(t * model.heads * model.headDim * 2);
  qkv_ = device::Buffer(t * (model.heads + 2 * model.kvHeads) * model.headDim * 2);
  gateUp_ = device::Buffer(t * 2 * model.intermediate * 2);
  activation_ = device::Buffer(t * model.intermediate * 2);
  logits_ = device::Buffer(size_t(headRowsMax) * model.vocabulary * 2);
  lastRows_ = device::Buffer(headRowsMax * hidden * 2);
  ids_ = device::Buffer(std::max<size_t>(t, headRowsMax) * sizeof(int));
  for (auto* buffer : {&residual_, &hidden_, &delta_, &attention_, &qkv_, &gateUp_, &activation_}) device::fillRandomBF16(buffer->as(), buffer->bytes() / 2, 1, 71);
  device::fillRandomTokens(ids_.as<int>(), tokensMax, static_cast<int>(model.vocabulary), 72);
  CUDA_CHECK(cudaDeviceSynchronize());
}

Lane::Products Lane::planProducts(int rows, int headRows) {
  const auto& m = state_.model;
  const size_t stride = state_.layerElements * 2;
  const int64_t width = (m.heads + 2 * m.kvHeads) * m.headDim;
  auto plan = [&](int64_t count, int64_t n, int64_t k, const bf16* w, size_t weightStride, const void* x, void* y) {
    return &bench_.gemm->plan(partition, GemmType::bf16, count, n, k, w, weightStride, weightStride ? state_.layers : 1, x, y);
  };
  Products products;
  products.qkv = plan(rows, width, m.hidden, state_.weight(0, state_.qkv), stride, hidden_.as(), qkv_.as());
  products.o = plan(rows, m.hidden, m.heads * m.headDim, state_.weight(0, state_.o), stride, attention_.as(), delta_.as());
  products.gateUp = plan(rows, 2 * m.intermediate, m.hidden, state_.weight(0, state_.gateUp), stride, hidden_.as(), gateUp_.as());
  products.down = plan(rows, m.hidden, m.intermediate, state_.weight(0, state_.down), stride, activation_.as(), delta_.as());
  products.head = plan(headRows, m.vocabulary, m.hidden, state_.head(), 0, hidden_.as(), logits_.as());
  return products;
}

PrefillShape Lane::promptShape() const {
  const auto& m = state_.model;
  PrefillShape shape;
  shape.heads = static_cast<int>(m.heads);
  shape.kvHeads = static_cast<int>(m.kvHeads);
  shape.queryTokenStride = shape.kvTokenStride = (m.heads + 2 * m.kvHeads) * m.headDim;
  return shape;
}

void Lane::prepareDecode(int batch, int context) {
  const std::vector<int> contexts(batch, context);
  decodePlan_ = std::make_unique<DecodePlan>(contexts, static_cast<int>(state_.model.heads), static_cast<int>(state_.model.kvHeads), partition.granted);
  decode_ = &decodePlan_->arguments();
  pagesMax_ = (context + decodePageSize - 1) / decodePageSize;
  const auto table = state_.cache(0).table(contexts, pagesMax_, 0);
  std::vector<int> slots(batch);
  for (int i = 0; i < batch; ++i) slots[i] = table[size_t(i) * pagesMax_ + (context - 1) / decodePageSize] * decodePageSize + (context - 1) % decodePageSize;
  tables_ = device::upload(table);
  slots_ = device::upload(slots);
  positions_ = device::upload(std::vector<int>(batch, context - 1));
  rows_ = headRows_ = batch;
  products_ = planProducts(rows_, headRows_);
}

void Lane::preparePrefill(int tokens, int batch) {
  decode_ = nullptr;
  PrefillShape shape = promptShape();
  shape.batch = batch;
  shape.queryLength = tokens / batch;
  bench_.prefill->prepare(partition, shape);
  prompts_ = {{shape, 0}};
  std::vector<int> positions(tokens), slots(tokens);
  // Pages from the far end of the pool: a decode lane beside this one uses the near end.
  const int64_t first = state_.cache(0).pages() - (tokens + decodePageSize - 1) / decodePageSize;
  const auto table = state_.cache(0).table({tokens}, (tokens + decodePageSize - 1) / decodePageSize, first);
  for (int i = 0; i < tokens; ++i) {
    positions[i] = i % shape.queryLength;
    slots[i] = table[i / decodePageSize] * decodePageSize + i % decodePageSize;
  }
  positions_ = device::upload(positions);
  slots_ = device::upload(slots);
  std::vector<int> lastRows(batch);
  for (int i = 0; i < batch; ++i) lastRows[i] = (i + 1) * shape.queryLength - 1;
  lastRowIndices_ = device::upload(lastRows);
  rows_ = tokens;
  headRows_ = batch;
  products_ = planProducts(rows_, headRows_);
}

void Lane::product(const Gemm::Plan* plan, const bf16* w, const bf16* x, bf16* y, cudaStream_t stream) {
  bench_.gemm->run(partition, *plan, w, x, y, stream);
}

void Lane::launch(Part part, int layer, cudaStream_t stream) {
  const auto& m = state_.model;
  const int hidden = static_cast<int>(m.hidden), heads = static_cast<int>(m.heads), kvHeads = static_cast<int>(m.kvHeads);
  auto *residual = residual_.as<bf16>(), *x = hidden_.as<bf16>(), *delta = delta_.as<bf16>(), *qkv = qkv_.as<bf16>(), *attention = attention_.as<bf16>();
  auto& cache = state_.cache(layer);
  switch (part) {
    case Part::embedding:
      return embed(ids_.as<int>(), state_.embedding(), residual, rows_, hidden, stream);
    case Part::norm:
      return addRmsNorm(delta, residual, state_.norm(), x, rows_, hidden, stream);
    case Part::qkv:
      return product(products_.qkv, state_.weight(layer, state_.qkv), x, qkv, stream);
    case Part::rotary:
      return rotaryAndCache(qkv, positions_.as<int>(), slots_.as<int>(), state_.cosSin(), cache.keys(), cache.values(), rows_, heads, kvHeads, stream);
    case Part::attention:
      if (decode_)
        return decodeAttention(*decode_, qkv, (heads + 2 * kvHeads) * decodeHeadDim, cache.keys(), cache.values(), tables_.as<int>(), pagesMax_, attention, stream);
      for (const auto& group : prompts_) {
        const bf16* rows = qkv + size_t(group.firstRow) * (heads + 2 * kvHeads) * decodeHeadDim;
        bench_.prefill->run(partition, group.shape, rows, rows + heads * decodeHeadDim, rows + (heads + kvHeads) * decodeHeadDim,
                            attention + size_t(group.firstRow) * heads * decodeHeadDim, stream);
      }
      return;
    case Part::o:
      return product(products_.o, state_.weight(layer, state_.o), attention, delta, stream);
    case Part::gateUp:
      return product(products_.gateUp, state_.weight(layer, state_.gateUp), x, gateUp_.as<bf16>(), stream);
    case Part::silu:
      return siluMultiply(gateUp_.as<bf16>(), activation_.as<bf16>(), rows_, static_cast<int>(m.intermediate), stream);
    case Part::down:
      return product(products_.down, state_.weight(layer, state_.down), activation_.as<bf16>(), delta, stream);
    case Part::head:
      return product(products_.head, state_.head(), decode_ ? x : lastRows_.as<bf16>(), logits_.as<bf16>(), stream);
    case Part::argmax:
      return argmaxRows(logits_.as<bf16>(), ids_.as<int>(), headRows_, static_cast<int>(m.vocabulary), stream);
  }
}

void Lane::run(int layers, bool whole, cudaStream_t stream, const std::function<void(int layer)>& atLayer) {
  const int hidden = static_cast<int>(state_.model.hidden);
  if (whole) launch(Part::embedding, 0, stream);
  for (int layer = 0; layer < layers; ++layer) {
    if (atLayer) atLayer(layer);
    // No layer before the first has left anything to add.
    if (layer == 0) rmsNorm(residual_.as<bf16>(), state_.norm(), hidden_.as<bf16>(), rows_, hidden, stream);
    else launch(Part::norm, layer, stream);
    for (Part part : {Part::qkv, Part::rotary, Part::attention, Part::o, Part::norm, Part::gateUp, Part::silu, Part::down}) launch(part, layer, stream);
  }
  if (atLayer) atLayer(layers);
  if (!whole) return;
  launch(Part::norm, 0, stream);
  if (!decode_) {
    gatherLastRows<<<headRows_, hidden / 8, 0, stream>>>(hidden_.as<bf16>(), lastRows_.as<bf16>(), lastRowIndices_.as<int>(), hidden);
    CUDA_CHECK(cudaGetLastError());
  }
  launch(Part::head, 0, stream);
  launch(Part::argmax, 0, stream);
}

}  // namespace kernels
