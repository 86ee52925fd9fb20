// Family `host`: launches and PCIe copies.
#include <chrono>

#include "Bench.h"
#include "Harness/Statistics.h"

namespace kernels {
namespace {

using Clock = std::chrono::steady_clock;

__global__ void smallKernel(int* out) {
  if (out) *out = 1;
}

double microsecondsSince(Clock::time_point start) { return std::chrono::duration<double, std::micro>(Clock::now() - start).count(); }

void write(Bench& bench, harness::JsonLine row, const std::vector<double>& samples, double bytes) {
  row.add("median_us", harness::median(samples)).add("deviation", harness::relativeDeviation(samples)).add("samples", static_cast<int>(samples.size()));
  if (bytes > 0) row.add("bytes", static_cast<int64_t>(bytes));
  bench.write(row);
}

void launches(Bench& bench) {
  auto stream = bench.partitions.get(bench.partitions.smCount()).stream;
  std::vector<double> queued, roundTrip, graphQueued, graphRoundTrip;
  constexpr int count = 500, nodes = 300;
  device::Graph graph(stream, [&](cudaStream_t s) {
    for (int i = 0; i < nodes; ++i) smallKernel<<<1, 32, 0, s>>>(nullptr);
  });
  for (int repeat = 0; repeat < 15; ++repeat) {
    CUDA_CHECK(cudaStreamSynchronize(stream));
    auto start = Clock::now();
    for (int i = 0; i < count; ++i) smallKernel<<<1, 32, 0, stream>>>(nullptr);
    queued.push_back(microsecondsSince(start) / count);
    CUDA_CHECK(cudaStreamSynchronize(stream));
    start = Clock::now();
    for (int i = 0; i < 50; ++i) {
      smallKernel<<<1, 32, 0, stream>>>(nullptr);
      CUDA_CHECK(cudaStreamSynchronize(stream));
    }
    roundTrip.push_back(microsecondsSince(start) / 50);
    start = Clock::now();
    graph.launch(stream);
    graphQueued.push_back(microsecondsSince(start));
    CUDA_CHECK(cudaStreamSynchronize(stream));
    graphRoundTrip.push_back(microsecondsSince(start));
  }
  write(bench, bench.row("kernel_launch_host", "1", ""), queued, 0);
  write(bench, bench.row("kernel_launch_and_wait", "1", ""), roundTrip, 0);
  write(bench, bench.row("graph_launch_host", "1", "").add("nodes", nodes), graphQueued, 0);
  write(bench, bench.row("graph_launch_and_wait", "1", "").add("nodes", nodes), graphRoundTrip, 0);
}

void copies(Bench& bench) {
  constexpr size_t largest = 1u << 30;
  device::Buffer onDevice(largest);
  device::fillRandomBF16(onDevice.as(), largest / 2, 1, 81);
  void* pinned = nullptr;
  CUDA_CHECK(cudaMallocHost(&pinned, largest));
  CUDA_CHECK(cudaMemcpy(pinned, onDevice.as(), largest, cudaMemcpyDeviceToHost));
  auto& partition = bench.partitions.get(bench.partitions.smCount());
  for (size_t bytes = 16 << 10; bytes <= largest; bytes *= 2)
    for (const char* name : {"copy_h2d", "copy_d2h"}) {
      const bool toDevice = std::string(name) == "copy_h2d";
      std::vector<double> samples;
      device::Event start, stop;
      const int repeats = bytes >= (256u << 20) ? 4 : 15;
      for (int i = 0; i <= repeats; ++i) {
        device::spin(partition.stream, 20000);
        CUDA_CHECK(cudaEventRecord(start, partition.stream));
        CUDA_CHECK(cudaMemcpyAsync(toDevice ? onDevice.as() : pinned, toDevice ? pinned : onDevice.as(), bytes, cudaMemcpyDefault, partition.stream));
        CUDA_CHECK(cudaEventRecord(stop, partition.stream));
        CUDA_CHECK(cudaStreamSynchronize(partition.stream));
        if (i) samples.push_back(device::elapsedMicroseconds(start, stop));
      }
      auto row = bench.row(name, "1", "");
      row.add("memory", "pinned");
      write(bench, row, samples, double(bytes));
    }
  CUDA_CHECK(cudaFreeHost(pinned));
}

}  // namespace

void runHost(Bench& bench) {
  bench.guarded(bench.row("launch", "1", ""), [&] { launches(bench); });
  bench.guarded(bench.row("copy", "1", ""), [&] { copies(bench); });
}

}  // namespace kernels
