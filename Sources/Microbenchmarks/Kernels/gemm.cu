// Family `gemm`: linear layers over M and SM counts, weights cold.
#include <cuda_bf16.h>
#include <cuda_fp8.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <thread>
#include <vector>

#include "Bench.h"
#include "Gemm.h"
#include "Harness/Axes.h"
#include "Harness/Refinement.h"

namespace kernels {
namespace {

using harness::GemmShape;

template <typename T>
double dotOnHost(const T* x, const T* w, int64_t k) {
  std::vector<T> a(k), b(k);
  CUDA_CHECK(cudaMemcpy(a.data(), x, k * sizeof(T), cudaMemcpyDeviceToHost));
  CUDA_CHECK(cudaMemcpy(b.data(), w, k * sizeof(T), cudaMemcpyDeviceToHost));
  double sum = 0;
  for (int64_t i = 0; i < k; ++i) sum += static_cast<double>(static_cast<float>(a[i])) * static_cast<double>(static_cast<float>(b[i]));
  return sum;
}

class GemmFamily {
 public:
  GemmFamily(Bench& bench, GemmType type) : bench_(bench), weights_(weightBytes), x_(activationBytes), y_(outputBytes), type_(type) { fill(); }

  void run() {
    const bool bf16 = type_ == GemmType::bf16;
    if (bench_.options.quick) return coarse(bf16);
    full(bf16);
    if (bf16) refine();
  }

  /// At the ends and just behind the ends of tiles: a product takes as long as the whole tiles that it begins.
  void steps() {
    auto shapes = harness::projections(harness::llama3_8B(), 1);
    shapes.pop_back();
    for (int sms : {132, 64, 96, 80, 112, 48, 104, 72, 32, 40, 16, 24})
      for (const auto& shape : shapes) line(shape, harness::gemmStepRows(bench_.options.quick ? 256 : sms > 40 ? 8192 : 2048), sms);
  }

 private:
  static constexpr size_t weightBytes = 4ull << 30, activationBytes = 1ull << 30, outputBytes = 2ull << 30;

  void fill() {
    if (type_ == GemmType::bf16) {
      device::fillRandomBF16(weights_.as(), weightBytes / 2, 1, 11);
      device::fillRandomBF16(x_.as(), activationBytes / 2, 1, 12);
    } else {
      device::fillRandomFP8(weights_.as(), weightBytes, 1, 13);
      device::fillRandomFP8(x_.as(), activationBytes, 1, 14);
    }
    CUDA_CHECK(cudaDeviceSynchronize());
  }

  void full(bool bf16) {
    const auto eight = harness::projections(harness::llama3_8B(), 1);
    std::vector<int> all = harness::smCounts();
    all.insert(all.end(), harness::smCountsHeldOut().begin(), harness::smCountsHeldOut().end());
    // The shapes of the reference model first, whole device before partitions.
    for (const auto& shape : eight) line(shape, rowsFor(shape, harness::gemmRows()), 132);
    for (int sms : all)
      if (sms != 132)
        for (const auto& shape : eight) line(shape, rowsFor(shape, bf16 ? harness::gemmRows() : harness::gemmRowsCoarse()), sms);
    sustained(bf16);
    const auto others = otherShapes();
    for (const auto& shape : others) line(shape, rowsFor(shape, bf16 ? harness::gemmRows() : harness::gemmRowsCoarse()), 132);
    if (!bf16) return;
    for (int sms : {64, 32, 16})
      for (const auto& shape : others) line(shape, rowsFor(shape, harness::gemmRowsCoarse()), sms);
  }

  void coarse(bool bf16) {
    const auto shapes = harness::projections(harness::llama3_8B(), 1);
    const std::vector<int> counts = bf16 ? std::vector<int>{132, 64, 16} : std::vector<int>{132};
    for (int sms : counts)
      for (const auto& shape : shapes) line(shape, rowsFor(shape, {1, 64, 512, 4096}), sms);
  }

  /// Bursts run near the top clock; a busy server is held back by the power limit. The same points
  /// after continuous running say by how much.
  void sustained(bool bf16) {
    constexpr double preheatSeconds = 0.12;
    auto shapes = harness::projections(harness::llama3_8B(), 1);
    shapes.pop_back();
    const std::vector<int> counts = bf16 ? std::vector<int>{132, 112, 96, 80} : std::vector<int>{132};
    for (int sms : counts)
      for (const auto& shape : shapes)
        for (int64_t m : {64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384})
          if (!bench_.outOfTime() && (sms == 132 || m >= 256)) measureOne(shape, m, sms, preheatSeconds);
  }

  /// What is left of the budget goes to midpoints of M, where log-log interpolation is worst.
  void refine() {
    while (!bench_.outOfTime()) {
      const auto point = planner_.next();
      if (!point) return;
      const auto curve = curves_.find(point->curve);
      measureOne(curve->second.first, point->x, curve->second.second);
    }
  }

  static std::vector<GemmShape> otherShapes() {
    std::vector<GemmShape> shapes;
    auto add = [&](const std::vector<GemmShape>& more) { shapes.insert(shapes.end(), more.begin(), more.end()); };
    for (int tp : {2, 4, 8}) add(harness::projections(harness::llama3_8B(), tp));
    for (int tp : {4, 8, 2, 1}) add(harness::projections(harness::llama3_70B(), tp));
    for (int tp : {1, 2, 4}) add(harness::projections(harness::qwen3_32B(), tp));
    add({{"generic 1024x1024", 1024, 1024}, {"generic 2048x2048", 2048, 2048}, {"generic 8192x8192", 8192, 8192},
         {"generic 2048x8192", 2048, 8192}, {"generic 12288x4096", 12288, 4096}, {"generic 3584x18944", 3584, 18944},
         {"generic 37888x3584", 37888, 3584}, {"generic 5120x5120", 5120, 5120}});
    shapes = harness::uniqueShapes(shapes);
    const auto eight = harness::projections(harness::llama3_8B(), 1);
    shapes.erase(std::remove_if(shapes.begin(), shapes.end(), [&](const GemmShape& shape) {
      return std::any_of(eight.begin(), eight.end(), [&](const GemmShape& e) { return e.n == shape.n && e.k == shape.k; });
    }), shapes.end());
    return shapes;
  }

  /// The head only sees the last token of each sequence, so large M are not measured for it.
  static std::vector<int64_t> rowsFor(const GemmShape& shape, std::vector<int64_t> rows) {
    if (shape.n > 60000) rows.erase(std::remove_if(rows.begin(), rows.end(), [](int64_t m) { return m > 1024; }), rows.end());
    return rows;
  }

  /// Points whose arithmetic takes the device to its power limit.
  static bool heavy(int64_t m, int sms) { return sms >= 80 && m >= 256; }

  void line(const GemmShape& shape, const std::vector<int64_t>& rows, int sms) {
    for (int64_t m : rows) {
      if (bench_.outOfTime()) return;
      measureOne(shape, m, sms);
    }
    // The next curve starts with its light points, which should not inherit a lowered clock.
    if (!bench_.options.quick && heavy(rows.back(), sms)) std::this_thread::sleep_for(std::chrono::milliseconds(120));
  }

  void measureOne(const GemmShape& shape, int64_t m, int sms, double preheatSeconds = 0) {
    const bool bf16 = type_ == GemmType::bf16;
    auto row = bench_.row("cublasLt", Gemm::version(), bf16 ? "bf16" : "fp8_e4m3");
    row.add("shape", shape.name).add("m", m).add("n", shape.n).add("k", shape.k);
    auto axes = row;
    axes.add("sms_requested", sms);
    bench_.guarded(axes, [&] {
      auto& partition = bench_.partitions.get(sms);
      const size_t elementBytes = bf16 ? 2 : 1;
      const size_t stride = shape.n * shape.k * elementBytes;
      const int copies = static_cast<int>(std::min<size_t>(weightBytes / stride, 64));
      const auto& plan = bench_.gemm->plan(partition, type_, m, shape.n, shape.k, weights_.as(), stride, copies, x_.as(), y_.as());
      verify(partition, plan);
      const double bytes = static_cast<double>(stride) + m * shape.k * elementBytes + 2.0 * m * shape.n;
      auto options = bench_.timing();
      options.preheatSeconds = preheatSeconds;
      if (preheatSeconds == 0 && heavy(m, sms)) {
        const double roughSeconds = 2e-12 * m * shape.n * shape.k / (650.0 * sms / 132);
        options.restSeconds = 0.04 + 20 * roughSeconds;
        options.rule.secondsMax = 0.02;
      }
      const auto timing = device::measure(bench_.facts, partition, [&](cudaStream_t stream, int index) {
        bench_.gemm->run(partition, plan, weights_.as(stride * (index % copies)), x_.as(), y_.as(), stream);
      }, options);
      row.add("state", preheatSeconds > 0 ? "sustained" : "burst").add("candidates", plan.candidates);
      auto untuned = row;
      row.add("algorithm", plan.algorithmName).add("selection", "tuned").add("is_default", plan.isDefault);
      bench_.write(row, partition, timing, "cold", bytes, 2.0 * m * shape.n * shape.k);
      if (bf16 && preheatSeconds == 0) {
        const std::string name = shape.name + " sms " + std::to_string(sms);
        if (sms == 132 && !plan.isDefault) {
          Gemm::Plan first = plan;
          first.algorithm = plan.defaultAlgorithm;
          const auto untunedTiming = device::measure(bench_.facts, partition, [&](cudaStream_t stream, int index) {
            bench_.gemm->run(partition, first, weights_.as(stride * (index % copies)), x_.as(), y_.as(), stream);
          }, options);
          untuned.add("selection", "default").add("is_default", true);
          bench_.write(untuned, partition, untunedTiming, "cold", bytes, 2.0 * m * shape.n * shape.k);
        }
        planner_.add(name, m, timing.medianMicroseconds);
        curves_.insert({name, {shape, sms}});
      }
    });
  }

  void verify(device::Partition& partition, const Gemm::Plan& plan) {
    const size_t outputBytesUsed = plan.m * plan.n * 2;
    CUDA_CHECK(cudaMemsetAsync(y_.as(), 0xff, outputBytesUsed, partition.stream));  // NaN wherever nothing is written
    bench_.gemm->run(partition, plan, weights_.as(), x_.as(), y_.as(), partition.stream);
    CUDA_CHECK(cudaStreamSynchronize(partition.stream));
    double errorSquared = 0, referenceSquared = 0;
    for (int i = 0; i < 6; ++i) {
      const int64_t row = i == 0 ? plan.m - 1 : (i * 7919ll) % plan.m, column = i == 0 ? plan.n - 1 : (i * 104729ll) % plan.n;
      __nv_bfloat16 found;
      CUDA_CHECK(cudaMemcpy(&found, y_.as<__nv_bfloat16>() + row * plan.n + column, 2, cudaMemcpyDeviceToHost));
      const double reference =
          type_ == GemmType::bf16
              ? dotOnHost(x_.as<__nv_bfloat16>() + row * plan.k, weights_.as<__nv_bfloat16>() + column * plan.k, plan.k)
              : dotOnHost(x_.as<__nv_fp8_e4m3>() + row * plan.k, weights_.as<__nv_fp8_e4m3>() + column * plan.k, plan.k);
      const double difference = static_cast<double>(__bfloat162float(found)) - reference;
      errorSquared += difference * difference;
      referenceSquared += reference * reference;
    }
    const double error = std::sqrt(errorSquared / referenceSquared);
    if (!(error < 1e-2)) throw std::runtime_error("verification failed: relative error " + std::to_string(error));
  }

  Bench& bench_;
  device::Buffer weights_, x_, y_;
  GemmType type_;
  harness::RefinementPlanner planner_{8, 0.01};
  std::map<std::string, std::pair<GemmShape, int>> curves_;
};

}  // namespace

void runGemm(Bench& bench) { GemmFamily(bench, GemmType::bf16).run(); }
void runGemmSteps(Bench& bench) { GemmFamily(bench, GemmType::bf16).steps(); }
void runGemmFP8(Bench& bench) { GemmFamily(bench, GemmType::fp8).run(); }

}  // namespace kernels
