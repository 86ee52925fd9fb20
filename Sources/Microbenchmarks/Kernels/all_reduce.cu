// Family `allreduce`: NCCL over the GPUs of one host, eager and in graphs. Family `peer`: copies.
//
// NVLink multicast (NVLS) stays off: it is not available everywhere and changes the kernel.
#include <cuda_bf16.h>

#include <cstdlib>
#include <vector>

#include "Bench.h"
#include "Harness/Statistics.h"

#ifdef PHASEWISE_WITH_NCCL
#include <nccl.h>
#endif

namespace kernels {
namespace {

int visibleDevices() {
  int count = 0;
  CUDA_CHECK(cudaGetDeviceCount(&count));
  return count;
}

}  // namespace

#ifdef PHASEWISE_WITH_NCCL

namespace {

void nccl(ncclResult_t status) {
  if (status != ncclSuccess) throw std::runtime_error(std::string("NCCL: ") + ncclGetErrorString(status));
}

class AllReduce {
 public:
  AllReduce(Bench& bench, int gpus) : bench_(bench), gpus_(gpus), communicators_(gpus), streams_(gpus), starts_(gpus), stops_(gpus), graphs_(gpus) {
    std::vector<int> devices(gpus);
    for (int i = 0; i < gpus; ++i) devices[i] = i;
    nccl(ncclCommInitAll(communicators_.data(), gpus, devices.data()));
    for (int i = 0; i < gpus; ++i) {
      CUDA_CHECK(cudaSetDevice(i));
      CUDA_CHECK(cudaStreamCreateWithFlags(&streams_[i], cudaStreamNonBlocking));
      CUDA_CHECK(cudaEventCreate(&starts_[i]));
      CUDA_CHECK(cudaEventCreate(&stops_[i]));
      send_.emplace_back(bytesMax);
      receive_.emplace_back(bytesMax);
      device::fillRandomBF16(send_[i].as(), bytesMax / 2, 1, 91 + i);
    }
    synchronize();
  }
  ~AllReduce() {
    for (auto communicator : communicators_) ncclCommDestroy(communicator);
    cudaSetDevice(0);
  }

  void run() {
    verify();
    for (size_t bytes = 8 << 10; bytes <= bytesMax; bytes *= 2) {
      measureOne(bytes, false);
      measureOne(bytes, true);
    }
  }

 private:
  static constexpr size_t bytesMax = 256u << 20;

  void synchronize() {
    for (int i = 0; i < gpus_; ++i) {
      CUDA_CHECK(cudaSetDevice(i));
      CUDA_CHECK(cudaDeviceSynchronize());
    }
  }

  void reduce(size_t bytes) {
    nccl(ncclGroupStart());
    for (int i = 0; i < gpus_; ++i)
      nccl(ncclAllReduce(send_[i].as(), receive_[i].as(), bytes / 2, ncclBfloat16, ncclSum, communicators_[i], streams_[i]));
    nccl(ncclGroupEnd());
  }

  void verify() {
    constexpr size_t count = 4096;
    for (int i = 0; i < gpus_; ++i) {
      CUDA_CHECK(cudaSetDevice(i));
      CUDA_CHECK(cudaMemset(receive_[i].as(), 0xff, count * 2));
    }
    synchronize();
    reduce(count * 2);
    synchronize();
    std::vector<double> sum(count, 0);
    std::vector<__nv_bfloat16> host(count);
    for (int i = 0; i < gpus_; ++i) {
      CUDA_CHECK(cudaMemcpy(host.data(), send_[i].as(), count * 2, cudaMemcpyDefault));
      for (size_t j = 0; j < count; ++j) sum[j] += __bfloat162float(host[j]);
    }
    for (int i = 0; i < gpus_; ++i) {
      CUDA_CHECK(cudaMemcpy(host.data(), receive_[i].as(), count * 2, cudaMemcpyDefault));
      double difference = 0, norm = 0;
      for (size_t j = 0; j < count; ++j) {
        difference += (__bfloat162float(host[j]) - sum[j]) * (__bfloat162float(host[j]) - sum[j]);
        norm += sum[j] * sum[j];
      }
      if (!(std::sqrt(difference / norm) < 1e-2)) throw std::runtime_error("verification failed: wrong sum on GPU " + std::to_string(i));
    }
  }

  /// The mean of `count` reductions back to back; the slowest GPU counts.
  void measureOne(size_t bytes, bool asGraph) {
    const int count = bytes <= (1 << 20) ? 20 : bytes <= (32 << 20) ? 10 : 4;
    std::vector<double> samples;
    if (asGraph) {
      for (int i = 0; i < gpus_; ++i) {
        CUDA_CHECK(cudaSetDevice(i));
        CUDA_CHECK(cudaStreamBeginCapture(streams_[i], cudaStreamCaptureModeRelaxed));
      }
      for (int repeat = 0; repeat < count; ++repeat) reduce(bytes);
      for (int i = 0; i < gpus_; ++i) {
        CUDA_CHECK(cudaSetDevice(i));
        cudaGraph_t graph;
        CUDA_CHECK(cudaStreamEndCapture(streams_[i], &graph));
        CUDA_CHECK(cudaGraphInstantiate(&graphs_[i], graph, 0));
        CUDA_CHECK(cudaGraphDestroy(graph));
      }
    }
    for (int sample = 0; sample < 9; ++sample) {
      // Every GPU spins first, so that all have their work queued when the clock starts.
      for (int i = 0; i < gpus_; ++i) {
        CUDA_CHECK(cudaSetDevice(i));
        if (asGraph) device::spin(streams_[i], 100000);
        CUDA_CHECK(cudaEventRecord(starts_[i], streams_[i]));
      }
      if (!asGraph) {
        for (int repeat = 0; repeat < count; ++repeat) reduce(bytes);
      }
      for (int i = 0; i < gpus_; ++i) {
        CUDA_CHECK(cudaSetDevice(i));
        if (asGraph) CUDA_CHECK(cudaGraphLaunch(graphs_[i], streams_[i]));
        CUDA_CHECK(cudaEventRecord(stops_[i], streams_[i]));
      }
      synchronize();
      double slowest = 0;
      for (int i = 0; i < gpus_; ++i) slowest = std::max(slowest, device::elapsedMicroseconds(starts_[i], stops_[i]));
      if (sample >= 2) samples.push_back(slowest / count);
    }
    if (asGraph)
      for (auto graph : graphs_) CUDA_CHECK(cudaGraphExecDestroy(graph));
    CUDA_CHECK(cudaSetDevice(0));
    int version = 0;
    nccl(ncclGetVersion(&version));
    auto row = bench_.row("nccl all-reduce", std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." + std::to_string(version % 100), "bf16");
    row.add("gpus", gpus_).add("elements", int64_t(bytes / 2)).add("bytes", int64_t(bytes)).add("mode", asGraph ? "graph" : "eager").add("launches", count);
    row.add("median_us", harness::median(samples)).add("deviation", harness::relativeDeviation(samples)).add("samples", int(samples.size()));
    bench_.write(row);
  }

  Bench& bench_;
  int gpus_;
  std::vector<ncclComm_t> communicators_;
  std::vector<cudaStream_t> streams_;
  std::vector<cudaEvent_t> starts_, stops_;
  std::vector<cudaGraphExec_t> graphs_;
  std::vector<device::Buffer> send_, receive_;
};

}  // namespace

void runAllReduce(Bench& bench) {
  setenv("NCCL_NVLS_ENABLE", "0", 1);
  const int devices = visibleDevices();
  if (devices < 2) return bench.skip(bench.row("nccl all-reduce", "", "bf16"), "one GPU visible, two needed");
  for (int gpus : {2, 4, 8})
    if (gpus <= devices) bench.guarded(bench.row("nccl all-reduce", "", "bf16").add("gpus", gpus), [&] { AllReduce(bench, gpus).run(); });
}

#else

void runAllReduce(Bench& bench) { bench.skip(bench.row("nccl all-reduce", "", "bf16"), "built without NCCL"); }

#endif

void runPeerCopy(Bench& bench) {
  auto row = bench.row("peer_copy", "1", "");
  if (visibleDevices() < 2) return bench.skip(row, "one GPU visible, two needed");
  bench.guarded(row, [&] {
    constexpr size_t largest = 1u << 30;
    device::Buffer source(largest);
    device::fillRandomBF16(source.as(), largest / 2, 1, 95);
    CUDA_CHECK(cudaDeviceSynchronize());
    int access = 0;
    CUDA_CHECK(cudaDeviceCanAccessPeer(&access, 0, 1));
    if (access) CUDA_CHECK(cudaDeviceEnablePeerAccess(1, 0));
    CUDA_CHECK(cudaSetDevice(1));
    if (access) CUDA_CHECK(cudaDeviceEnablePeerAccess(0, 0));
    device::Buffer destination(largest);
    CUDA_CHECK(cudaSetDevice(0));
    auto stream = bench.partitions.get(bench.partitions.smCount()).stream;
    device::Event start, stop;
    for (size_t bytes = 16 << 10; bytes <= largest; bytes *= 2) {
      const int count = bytes <= (1 << 20) ? 20 : bytes <= (64 << 20) ? 5 : 1;
      std::vector<double> samples;
      for (int sample = 0; sample < 9; ++sample) {
        device::spin(stream, 100000);
        CUDA_CHECK(cudaEventRecord(start, stream));
        for (int i = 0; i < count; ++i) CUDA_CHECK(cudaMemcpyPeerAsync(destination.as(), 1, source.as(), 0, bytes, stream));
        CUDA_CHECK(cudaEventRecord(stop, stream));
        CUDA_CHECK(cudaStreamSynchronize(stream));
        if (sample >= 2) samples.push_back(device::elapsedMicroseconds(start, stop) / count);
      }
      auto line = bench.row("peer_copy", "1", "");
      line.add("peer_access", bool(access)).add("bytes", int64_t(bytes)).add("launches", count);
      line.add("median_us", harness::median(samples)).add("deviation", harness::relativeDeviation(samples)).add("samples", int(samples.size()));
      bench.write(line);
    }
  });
}

}  // namespace kernels
