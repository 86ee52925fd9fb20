// Family `prefill`: causal attention of prompt chunks over cached context.
#include "AttentionReference.h"
#include "Bench.h"
#include "Harness/Axes.h"
#include "PrefillAttention.h"

namespace kernels {
namespace {

class PrefillFamily {
 public:
  explicit PrefillFamily(Bench& bench)
      : bench_(bench), query_(queryElements * 2), output_(queryElements * 2), keys_(kvElements * 2), values_(kvElements * 2) {
    device::fillRandomBF16(query_.as(), queryElements, 1, 31);
    device::fillRandomBF16(keys_.as(), kvElements, 1, 32);
    device::fillRandomBF16(values_.as(), kvElements, 1, 33);
    CUDA_CHECK(cudaDeviceSynchronize());
  }

  void run() {
    if (bench_.options.quick) {
      for (int sms : {132, 64, 16})
        for (int q : {128, 1024, 4096}) for (int past : {0, 4096}) equal(1, q, past, 32, 8, sms);
      unequal({100, 700, 33, 1215}, 32, 8, 132);
      return;
    }
    const std::vector<int> queries = {16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};
    const std::vector<int> pasts = {0, 512, 2048, 8192, 32768, 65536};
    for (int q : queries) equal(1, q, 0, 32, 8, 132);
    for (int batch : {2, 4, 8, 16, 32}) for (int q : {64, 128, 256, 512, 1024, 2048, 4096}) if (batch * q <= 16384) equal(batch, q, 0, 32, 8, 132);
    const std::vector<int> thin = {64, 32, 96, 16, 48, 80, 112, 8, 24, 40, 72, 104};
    for (int sms : thin)
      for (int q : {128, 256, 512, 1024, 2048, 4096, 8192}) equal(1, q, 0, 32, 8, sms);
    for (int past : pasts) for (int q : queries) if (past && work(q, past) <= limit) equal(1, q, past, 32, 8, 132);
    for (int sms : thin)
      for (auto [batch, q] : {std::pair{4, 256}, std::pair{16, 256}, std::pair{4, 1024}}) equal(batch, q, 0, 32, 8, sms);
    for (int sms : thin)
      for (int q : {256, 512, 2048}) for (int past : {2048, 8192}) equal(1, q, past, 32, 8, sms);
    for (auto [heads, kvHeads] : {std::pair{8, 1}, std::pair{64, 8}, std::pair{16, 4}}) {
      for (int q : queries) equal(1, q, 0, heads, kvHeads, 132);
      for (int q : {256, 1024, 4096}) for (int past : {2048, 8192, 32768}) equal(1, q, past, heads, kvHeads, 132);
      for (int sms : {64, 32}) for (int q : {256, 1024, 4096}) equal(1, q, 0, heads, kvHeads, sms);
    }
    for (int sms : {132, 112, 96})
      for (int q : {512, 1024, 2048, 4096, 8192}) equal(1, q, 0, 32, 8, sms, 0.1);
    for (int sms : {132, 64, 32}) {
      unequal({1024, 512, 256, 128, 64, 64}, 32, 8, sms);
      unequal({100, 700, 33, 1215}, 32, 8, sms);
      unequal({4096, 16, 16, 16, 16, 16, 16, 16}, 32, 8, sms);
      unequal({251, 97, 512, 1021, 30, 333, 208, 77, 640, 150, 411, 289, 60, 805, 122, 244}, 32, 8, sms);
    }
  }

 private:
  static constexpr int tokensMax = 131072;
  static constexpr size_t queryElements = size_t(32768) * 64 * 128, kvElements = size_t(tokensMax) * 8 * 128;
  static constexpr double limit = 16384.0 * 65536;
  static double work(double q, double past) { return q * (past + q / 2); }

  void equal(int batch, int q, int past, int heads, int kvHeads, int sms, double preheatSeconds = 0) {
    PrefillShape shape;
    shape.batch = batch;
    shape.queryLength = q;
    shape.past = past;
    shape.heads = heads;
    shape.kvHeads = kvHeads;
    auto row = base(shape);
    row.add("q_len", q).add("past", past).add("lengths", "equal");
    measureOne(shape, sms, row, batch * work(q, past) + batch * q / 2.0, double(batch) * q, double(batch) * (q + past), preheatSeconds);
  }

  void unequal(const std::vector<int>& lengths, int heads, int kvHeads, int sms) {
    PrefillShape shape;
    shape.batch = static_cast<int>(lengths.size());
    shape.queryLengths = lengths;
    shape.heads = heads;
    shape.kvHeads = kvHeads;
    auto row = base(shape);
    row.add("past", 0).add("lengths", "list").add("q_lens", std::vector<int64_t>(lengths.begin(), lengths.end()));
    double pairs = 0, tokens = 0;
    for (int length : lengths) {
      pairs += work(length, 0) + length / 2.0;
      tokens += length;
    }
    measureOne(shape, sms, row, pairs, tokens, tokens);
  }

  harness::JsonLine base(const PrefillShape& shape) {
    auto row = bench_.row("cudnn sdpa", PrefillAttention::version(), "bf16");
    return row.add("batch", shape.batch).add("heads", shape.heads).add("kv_heads", shape.kvHeads).add("head_dim", shape.headDim);
  }

  void measureOne(const PrefillShape& shape, int sms, harness::JsonLine row, double pairs, double queryTokens, double kvTokens, double preheatSeconds = 0) {
    if (bench_.outOfTime()) return;
    auto axes = row;
    axes.add("sms_requested", sms);
    bench_.guarded(axes, [&] {
      auto& partition = bench_.partitions.get(sms);
      bench_.prefill->prepare(partition, shape);
      auto launch = [&](cudaStream_t stream, int) {
        bench_.prefill->run(partition, shape, query_.as<__nv_bfloat16>(), keys_.as<__nv_bfloat16>(), values_.as<__nv_bfloat16>(), output_.as<__nv_bfloat16>(), stream);
      };
      verify(partition, launch, shape);
      auto options = bench_.timing();
      options.preheatSeconds = preheatSeconds;
      // Long prompts take the device to its power limit; a rest before each keeps bursts comparable.
      if (preheatSeconds == 0 && sms >= 80 && pairs * shape.heads > 1e7 && !bench_.options.quick) options.restSeconds = 0.06;
      const auto timing = device::measure(bench_.facts, partition, launch, options);
      const double bytes = 2.0 * shape.headDim * (2 * queryTokens * shape.heads + 2 * kvTokens * shape.kvHeads);
      row.add("state", preheatSeconds > 0 ? "sustained" : "burst").add("plan", bench_.prefill->planName(partition, shape));
      // Queries, keys and values come straight from the projections before them, so they are not flushed.
      bench_.write(row, partition, timing, "hot", bytes, 4.0 * pairs * shape.heads * shape.headDim);
    });
  }

  template <typename LaunchFunction>
  void verify(device::Partition& partition, const LaunchFunction& launch, const PrefillShape& shape) {
    int64_t tokens = 0;
    for (int length : shape.queryLengths) tokens += length;
    if (shape.queryLengths.empty()) tokens = int64_t(shape.batch) * shape.queryLength;
    CUDA_CHECK(cudaMemsetAsync(output_.as(), 0xff, tokens * shape.heads * shape.headDim * 2, partition.stream));
    launch(partition.stream, 0);
    CUDA_CHECK(cudaStreamSynchronize(partition.stream));
    // The last token of the last sequence, and one in the middle of the first.
    const int firstLength = shape.queryLengths.empty() ? shape.queryLength : shape.queryLengths.front();
    const int lastLength = shape.queryLengths.empty() ? shape.queryLength : shape.queryLengths.back();
    const int64_t kvTokens = tokens + int64_t(shape.batch) * shape.past;
    check(shape, 0, firstLength / 2, 0, shape.past + firstLength / 2 + 1, shape.heads / 2);
    check(shape, tokens - lastLength, lastLength - 1, kvTokens - lastLength - shape.past, shape.past + lastLength, shape.heads - 1);
  }

  void check(const PrefillShape& shape, int64_t sequenceStart, int position, int64_t kvStart, int64_t length, int head) {
    const int64_t tokenStride = int64_t(shape.kvHeads) * shape.headDim;
    const int kvHead = head / (shape.heads / shape.kvHeads);
    const int64_t kvOffset = kvStart * tokenStride + kvHead * shape.headDim;
    KVView view;
    view.keys = keys_.as<__nv_bfloat16>() + kvOffset;
    view.values = values_.as<__nv_bfloat16>() + kvOffset;
    view.tokenStride = tokenStride;
    const size_t offset = ((sequenceStart + position) * shape.heads + head) * size_t(shape.headDim);
    const double error = attentionRowError(query_.as<__nv_bfloat16>() + offset, view, length, output_.as<__nv_bfloat16>() + offset);
    if (!(error < 2e-2)) throw std::runtime_error("verification failed: relative error " + std::to_string(error));
  }

  Bench& bench_;
  device::Buffer query_, output_, keys_, values_;
};

}  // namespace

void runPrefillAttention(Bench& bench) {
  if (const auto reason = PrefillAttention::unavailable(); !reason.empty()) {
    bench.skip(bench.row("cudnn sdpa", "", "bf16"), reason);
    return;
  }
  PrefillFamily(bench).run();
}

}  // namespace kernels
