// Family `decode`: one-token attention over paged KV, equal and unequal contexts.
#include <memory>
#include <random>

#include "AttentionReference.h"
#include "Bench.h"
#include "DecodeAttention.h"
#include "Harness/Axes.h"
#include "PagedCache.h"

namespace kernels {
namespace {

class DecodeFamily {
 public:
  explicit DecodeFamily(Bench& bench) : bench_(bench) {}

  void run() {
    const std::vector<int> batches = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
    const std::vector<int> contexts = {128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072};
    select(32, 8, poolTokens);
    if (bench_.options.quick) {
      for (int sms : {132, 64, 16})
        for (int batch : {1, 8, 64}) for (int context : {128, 1024, 8192}) equal(batch, context, sms, true);
      unequal(16, 2048, 0.2, 132);
      return;
    }
    for (int context : contexts) for (int batch : batches) equal(batch, context, 132, true);
    for (int batch : {1, 8, 32, 64}) for (int context : {128, 512, 1024, 2048}) equal(batch, context, 132, false);
    for (int sms : {64, 32, 96, 16, 48, 80, 112, 8, 24, 40, 72, 104})
      for (int batch : {1, 4, 16, 32, 64, 128, 256}) for (int context : {128, 512, 1024, 2048, 4096, 8192, 32768}) equal(batch, context, sms, true);
    for (int sms : {132, 64})
      for (int batch : {4, 16, 64, 128, 256}) for (int mean : {512, 2048, 8192}) for (double lowest : {0.0, 0.5}) unequal(batch, mean, lowest, sms);
    // One long sequence among short ones is the worst case for balance.
    for (int batch : {8, 32, 128}) outlier(batch, 512, 32768, 132);
    for (auto [heads, kvHeads] : {std::pair{8, 1}, std::pair{64, 8}, std::pair{16, 4}, std::pair{4, 1}}) {
      select(heads, kvHeads, poolTokens / (kvHeads == 8 ? 1 : 2));
      for (int sms : {132, 64, 32})
        for (int batch : {1, 8, 32, 64, 128, 256, 512}) for (int context : {128, 512, 1024, 2048, 4096, 8192, 32768, 131072})
          if (sms == 132 || context <= 8192) equal(batch, context, sms, true);
    }
  }

  /// As in serving: contexts spread evenly from nothing to twice the mean.
  void runUnequal() {
    select(32, 8, poolTokens);
    for (int sms : {132, 64, 96, 48, 80, 112, 32, 104, 72, 40, 24, 16})
      for (int batch : {4, 8, 16, 32, 64, 128})
        for (int mean : {512, 1024, 2048})
          if (!bench_.options.quick || (sms == 132 && batch == 16)) unequal(batch, mean, 0, sms);
  }

 private:
  static constexpr int64_t poolTokens = 4ll << 20;  // 16 GiB at 8 KV heads

  void select(int heads, int kvHeads, int64_t tokens) {
    heads_ = heads;
    kvHeads_ = kvHeads;
    cache_.reset();
    cache_ = std::make_unique<PagedCache>(tokens / decodePageSize, kvHeads, 21);
    const size_t elements = size_t(1024) * heads * decodeHeadDim;
    query_ = device::Buffer(elements * 2);
    output_ = device::Buffer(elements * 2);
    device::fillRandomBF16(query_.as(), elements, 1, 22);
    CUDA_CHECK(cudaDeviceSynchronize());
  }

  void equal(int batch, int context, int sms, bool cold) {
    auto row = base();
    row.add("batch", batch).add("q_len", 1).add("past", context - 1).add("lengths", "equal");
    measureOne(std::vector<int>(batch, context), sms, cold, row);
  }

  /// Contexts uniform in [lowest, 2 - lowest] times the mean.
  void unequal(int batch, int mean, double lowest, int sms) {
    std::mt19937_64 random(23 + batch + mean);
    std::uniform_real_distribution<double> factor(lowest, 2 - lowest);
    std::vector<int> contexts(batch);
    for (int& context : contexts) context = std::max(16, static_cast<int>(mean * factor(random)));
    auto row = base();
    row.add("batch", batch).add("q_len", 1).add("lengths", "uniform").add("mean_context", mean).add("lowest_factor", lowest);
    row.add("contexts", std::vector<int64_t>(contexts.begin(), contexts.end()));
    measureOne(contexts, sms, true, row);
  }

  void outlier(int batch, int shortContext, int longContext, int sms) {
    std::vector<int> contexts(batch, shortContext);
    contexts[batch / 2] = longContext;
    auto row = base();
    row.add("batch", batch).add("q_len", 1).add("lengths", "outlier").add("contexts", std::vector<int64_t>(contexts.begin(), contexts.end()));
    measureOne(contexts, sms, true, row);
  }

  harness::JsonLine base() {
    auto row = bench_.row("phasewise split-kv decode", "1", "bf16");
    return row.add("heads", heads_).add("kv_heads", kvHeads_).add("head_dim", decodeHeadDim).add("page", decodePageSize);
  }

  void measureOne(const std::vector<int>& contexts, int sms, bool cold, harness::JsonLine row) {
    if (bench_.outOfTime()) return;
    int64_t tokens = 0, pages = 0;
    int longest = 0;
    for (int context : contexts) {
      tokens += context;
      pages += (context + decodePageSize - 1) / decodePageSize;
      longest = std::max(longest, context);
    }
    if (pages > cache_->pages()) return;
    auto axes = row;
    axes.add("sms_requested", sms);
    bench_.guarded(axes, [&] {
      auto& partition = bench_.partitions.get(sms);
      const int pagesMax = (longest + decodePageSize - 1) / decodePageSize;
      const DecodePlan plan(contexts, heads_, kvHeads_, partition.granted);
      // In a model every layer has its own cache, so serving meets it cold: rotate over tables
      // that name different pages until three L2 sizes lie between two uses.
      const double bytesKV = 2.0 * tokens * kvHeads_ * decodeHeadDim * 2;
      int64_t copies = cold ? static_cast<int64_t>(3.0 * bench_.facts.l2Bytes() / bytesKV) + 2 : 1;
      copies = std::min({copies, cache_->pages() / pages, int64_t{48}});
      std::vector<int> tables;
      for (int64_t copy = 0; copy < copies; ++copy) {
        const auto table = cache_->table(contexts, pagesMax, copy * pages);
        tables.insert(tables.end(), table.begin(), table.end());
      }
      const device::Buffer deviceTables = device::upload(tables);
      const size_t tableStride = contexts.size() * pagesMax;
      auto launch = [&](cudaStream_t stream, int index) {
        decodeAttention(plan.arguments(), query_.as<__nv_bfloat16>(), heads_ * decodeHeadDim, cache_->keys(), cache_->values(),
                        deviceTables.as<int>() + tableStride * (index % copies), pagesMax, output_.as<__nv_bfloat16>(), stream);
      };
      verify(partition, launch, contexts, pagesMax, deviceTables.as<int>());
      const auto timing = device::measure(bench_.facts, partition, launch, bench_.timing());
      row.add("tokens", tokens).add("pages_per_split", plan.pagesPerSplit()).add("copies", copies);
      const double queryBytes = 2.0 * contexts.size() * heads_ * decodeHeadDim * 2;
      bench_.write(row, partition, timing, cold ? "cold" : "hot", bytesKV + queryBytes, 4.0 * tokens * heads_ * decodeHeadDim);
    });
  }

  template <typename LaunchFunction>
  void verify(device::Partition& partition, const LaunchFunction& launch, const std::vector<int>& contexts, int pagesMax, const int* table) {
    CUDA_CHECK(cudaMemsetAsync(output_.as(), 0xff, contexts.size() * heads_ * decodeHeadDim * 2, partition.stream));
    launch(partition.stream, 0);
    CUDA_CHECK(cudaStreamSynchronize(partition.stream));
    const int last = static_cast<int>(contexts.size()) - 1;
    for (int sequence : {last, last / 2}) {
      const int head = sequence * 5 % heads_;
      KVView view{cache_->keys(), cache_->values(), 0, table + size_t(sequence) * pagesMax, kvHeads_, head / (heads_ / kvHeads_)};
      const size_t offset = (size_t(sequence) * heads_ + head) * decodeHeadDim;
      const double error = attentionRowError(query_.as<__nv_bfloat16>() + offset, view, contexts[sequence], output_.as<__nv_bfloat16>() + offset);
      if (!(error < 2e-2)) throw std::runtime_error("verification failed: relative error " + std::to_string(error));
    }
  }

  Bench& bench_;
  int heads_ = 0, kvHeads_ = 0;
  std::unique_ptr<PagedCache> cache_;
  device::Buffer query_, output_;
};

}  // namespace

void runDecodeAttention(Bench& bench) { DecodeFamily(bench).run(); }
void runDecodeUnequal(Bench& bench) { DecodeFamily(bench).runUnequal(); }

}  // namespace kernels
