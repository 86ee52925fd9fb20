// Family `elementwise`: the operations between the matrix products, each against tokens and SMs.
// Their inputs were just written by the kernel before them, so they are measured hot.
#include <cmath>
#include <numeric>
#include <vector>

#include "Bench.h"
#include "ElementwiseKernels.h"
#include "Harness/Axes.h"

namespace kernels {
namespace {

float toFloat(bf16 value) { return __bfloat162float(value); }

template <typename T>
std::vector<T> download(const void* pointer, size_t count) {
  std::vector<T> host(count);
  CUDA_CHECK(cudaMemcpy(host.data(), pointer, count * sizeof(T), cudaMemcpyDeviceToHost));
  return host;
}

void require(double error, double bound) {
  if (!(error <= bound)) throw std::runtime_error("verification failed: relative error " + std::to_string(error));
}

class ElementwiseFamily {
 public:
  explicit ElementwiseFamily(Bench& bench)
      : bench_(bench), a_(poolBytes), b_(poolBytes), c_(poolBytes), table_(size_t(128256) * 8192 * 2), ids_(tokensMax * 4), positions_(tokensMax * 4),
        cosSin_(size_t(tokensMax) * 64 * 8) {
    device::fillRandomBF16(a_.as(), poolBytes / 2, 1, 41);
    device::fillRandomBF16(b_.as(), poolBytes / 2, 1, 42);
    device::fillRandomBF16(table_.as(), table_.bytes() / 2, 1, 43);
    device::fillRandomTokens(ids_.as<int>(), tokensMax, 128256, 44);
    std::vector<int> ascending(tokensMax);
    std::iota(ascending.begin(), ascending.end(), 0);
    positions_ = device::upload(ascending);
    fillCosSin(cosSin_.as<float2>(), tokensMax, nullptr);
    CUDA_CHECK(cudaDeviceSynchronize());
    verifyAll();
  }

  void run() {
    const std::vector<int> tokens = bench_.options.quick ? std::vector<int>{1, 64, 1024, 8192}
                                                         : std::vector<int>{1, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384};
    const std::vector<int> counts = bench_.options.quick ? std::vector<int>{132, 64} : std::vector<int>{132, 64, 32, 96, 16, 48, 80, 112, 8, 24, 40, 72, 104};
    for (int sms : counts) {
      for (const auto& model : {harness::llama3_8B(), harness::llama3_70B()}) {
        if (model.hidden != 4096 && sms != 132 && sms != 64) continue;
        for (int t : tokens) all(model, t, sms);
      }
    }
  }

 private:
  static constexpr int tokensMax = 16384;
  static constexpr size_t poolBytes = size_t(tokensMax) * 2 * 28672 * 2;
  static constexpr int verifyTokens = 37;

  void all(const harness::DenseModel& model, int tokens, int sms) {
    const int hidden = static_cast<int>(model.hidden), intermediate = static_cast<int>(model.intermediate);
    const int heads = static_cast<int>(model.heads), kvHeads = static_cast<int>(model.kvHeads);
    const double rowBytes = 2.0 * hidden * tokens;
    const int width = (heads + 2 * kvHeads) * 128;
    auto *a = a_.as<bf16>(), *b = b_.as<bf16>(), *c = c_.as<bf16>(), *table = table_.as<bf16>();
    one("rms_norm", hidden, tokens, sms, 2 * rowBytes, [=](cudaStream_t s, int) { rmsNorm(a, table, c, tokens, hidden, s); });
    one("add_rms_norm", hidden, tokens, sms, 4 * rowBytes, [=](cudaStream_t s, int) { addRmsNorm(a, b, table, c, tokens, hidden, s); });
    one("add_residual", hidden, tokens, sms, 3 * rowBytes, [=](cudaStream_t s, int) { addResidual(a, b, tokens, hidden, s); });
    one("embedding", hidden, tokens, sms, 2 * rowBytes, [this, table, c, tokens, hidden](cudaStream_t s, int) { embed(ids_.as<int>(), table, c, tokens, hidden, s); });
    one("silu_multiply", intermediate, tokens, sms, 6.0 * intermediate * tokens, [=](cudaStream_t s, int) { siluMultiply(a, c, tokens, intermediate, s); });
    one("rotary_and_cache", width, tokens, sms, 2.0 * tokens * 128 * (2 * (heads + kvHeads) + 3 * kvHeads), [this, a, b, c, tokens, heads, kvHeads](cudaStream_t s, int) {
      rotaryAndCache(a, positions_.as<int>(), positions_.as<int>(), cosSin_.as<float2>(), b, c, tokens, heads, kvHeads, s);
    });
    one("quantize_fp8", hidden, tokens, sms, 1.5 * rowBytes, [=](cudaStream_t s, int) { quantizeFP8(a, c_.as<__nv_fp8_e4m3>(), 0.5f, int64_t(tokens) * hidden, s); });
    if (tokens <= 512 && hidden == 4096) {
      const int vocabulary = static_cast<int>(model.vocabulary);
      one("argmax", vocabulary, tokens, sms, 2.0 * vocabulary * tokens, [=](cudaStream_t s, int) { argmaxRows(a, c_.as<int>(), tokens, vocabulary, s); });
    }
  }

  void one(const char* name, int width, int tokens, int sms, double bytes, const device::Launch& launch) {
    if (bench_.outOfTime()) return;
    auto row = bench_.row(name, "1", "bf16");
    row.add("tokens", tokens).add("width", width);
    auto axes = row;
    axes.add("sms_requested", sms);
    bench_.guarded(axes, [&] {
      auto& partition = bench_.partitions.get(sms);
      bench_.write(row, partition, device::measure(bench_.facts, partition, launch, bench_.timing()), "hot", bytes, 0);
    });
  }

  /// Each operation once against double arithmetic on the host, before anything is timed.
  void verifyAll() {
    constexpr int t = verifyTokens, hidden = 4096, intermediate = 14336;
    const auto a = download<bf16>(a_.as(), size_t(t) * 2 * intermediate), w = download<bf16>(table_.as(), hidden);
    const auto bBefore = download<bf16>(b_.as(), size_t(t) * hidden);
    auto errorOf = [&](const std::vector<bf16>& found, const std::function<double(size_t)>& reference) {
      double difference = 0, norm = 0;
      for (size_t i = 0; i < found.size(); ++i) {
        const double r = reference(i);
        difference += (toFloat(found[i]) - r) * (toFloat(found[i]) - r);
        norm += r * r;
      }
      return std::sqrt(difference / norm);
    };
    auto normalized = [&](const std::function<double(size_t)>& input) {
      std::vector<double> scale(t);
      for (int row = 0; row < t; ++row) {
        double sum = 0;
        for (int i = 0; i < hidden; ++i) sum += input(size_t(row) * hidden + i) * input(size_t(row) * hidden + i);
        scale[row] = 1 / std::sqrt(sum / hidden + 1e-5);
      }
      return [=](size_t i) { return input(i) * scale[i / hidden] * toFloat(w[i % hidden]); };
    };
    CUDA_CHECK(cudaMemset(c_.as(), 0xff, size_t(t) * intermediate * 2));
    rmsNorm(a_.as<bf16>(), table_.as<bf16>(), c_.as<bf16>(), t, hidden, nullptr);
    require(errorOf(download<bf16>(c_.as(), size_t(t) * hidden), normalized([&](size_t i) { return toFloat(a[i]); })), 1e-2);
    addRmsNorm(a_.as<bf16>(), b_.as<bf16>(), table_.as<bf16>(), c_.as<bf16>(), t, hidden, nullptr);
    auto sum = [&](size_t i) { return double(toFloat(a[i])) + toFloat(bBefore[i]); };
    require(errorOf(download<bf16>(b_.as(), size_t(t) * hidden), sum), 1e-2);
    require(errorOf(download<bf16>(c_.as(), size_t(t) * hidden), normalized(sum)), 1e-2);
    siluMultiply(a_.as<bf16>(), c_.as<bf16>(), t, intermediate, nullptr);
    require(errorOf(download<bf16>(c_.as(), size_t(t) * intermediate), [&](size_t i) {
      const double g = toFloat(a[i / intermediate * 2 * intermediate + i % intermediate]), u = toFloat(a[i / intermediate * 2 * intermediate + intermediate + i % intermediate]);
      return g / (1 + std::exp(-g)) * u;
    }), 1e-2);
    constexpr int vocabulary = 128256;
    argmaxRows(table_.as<bf16>(), c_.as<int>(), 2, vocabulary, nullptr);
    const auto logits = download<bf16>(table_.as(), size_t(2) * vocabulary);
    const auto found = download<int>(c_.as(), 2);
    for (int row = 0; row < 2; ++row) {
      float best = -1e30f;
      for (int i = 0; i < vocabulary; ++i) best = std::max(best, toFloat(logits[size_t(row) * vocabulary + i]));
      if (toFloat(logits[size_t(row) * vocabulary + found[row]]) != best) throw std::runtime_error("verification of argmax failed");
    }
    // Rotation of the last token's first head, and the cached copy of its first key head.
    constexpr int heads = 32, kvHeads = 8, width = (heads + 2 * kvHeads) * 128;
    const auto before = download<bf16>(a_.as(), size_t(t) * width);
    rotaryAndCache(a_.as<bf16>(), positions_.as<int>(), positions_.as<int>(), cosSin_.as<float2>(), b_.as<bf16>(), c_.as<bf16>(), t, heads, kvHeads, nullptr);
    const auto after = download<bf16>(a_.as(), size_t(t) * width);
    double difference = 0;
    for (int head : {0, 31, 32, 39})
      for (int d = 0; d < 64; ++d) {
        const double angle = (t - 1) * std::pow(500000.0, -d / 64.0);
        const size_t i = size_t(t - 1) * width + head * 128 + d;
        difference = std::max(difference, std::fabs(toFloat(after[i]) - (toFloat(before[i]) * std::cos(angle) - toFloat(before[i + 64]) * std::sin(angle))));
        difference = std::max(difference, std::fabs(toFloat(after[i + 64]) - (toFloat(before[i + 64]) * std::cos(angle) + toFloat(before[i]) * std::sin(angle))));
      }
    require(difference, 2e-2);
  }

  Bench& bench_;
  device::Buffer a_, b_, c_, table_, ids_, positions_, cosSin_;
};

}  // namespace

void runElementwise(Bench& bench) {
  bench.guarded(bench.row("elementwise", "1", "bf16"), [&] { ElementwiseFamily(bench).run(); });
}

}  // namespace kernels
