#include "Measurement.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include "Harness/Statistics.h"

namespace device {

double elapsedMicroseconds(cudaEvent_t start, cudaEvent_t stop) {
  float milliseconds = 0;
  CUDA_CHECK(cudaEventElapsedTime(&milliseconds, start, stop));
  return milliseconds * 1e3;
}

Graph::Graph(cudaStream_t stream, const std::function<void(cudaStream_t)>& record) {
  CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  try {
    record(stream);
  } catch (...) {
    cudaStreamEndCapture(stream, &graph_);
    if (graph_) cudaGraphDestroy(graph_);
    cudaGetLastError();
    throw;
  }
  CUDA_CHECK(cudaStreamEndCapture(stream, &graph_));
  CUDA_CHECK(cudaGraphInstantiate(&executable_, graph_, 0));
}

Graph::~Graph() {
  if (executable_) cudaGraphExecDestroy(executable_);
  if (graph_) cudaGraphDestroy(graph_);
}

double estimate(Partition& partition, const Launch& launch, int launches) {
  Event start, stop;
  launch(partition.stream, 0);
  // The host gets ahead while the device spins, so that short launches are timed without launch gaps.
  spin(partition.stream, 20000 + 8000 * launches);
  CUDA_CHECK(cudaEventRecord(start, partition.stream));
  for (int i = 0; i < launches; ++i) launch(partition.stream, i + 1);
  CUDA_CHECK(cudaEventRecord(stop, partition.stream));
  CUDA_CHECK(cudaStreamSynchronize(partition.stream));
  return elapsedMicroseconds(start, stop) / launches;
}

namespace {

Timing sample(const DeviceFacts& facts, Partition& partition, const Launch& launch, const TimingOptions& options,
              double roughMicroseconds) {
  Timing timing;
  Event start, stop;
  timing.graph = !options.forceEager && roughMicroseconds < 2000;
  std::unique_ptr<Graph> graph;
  if (timing.graph) {
    timing.launchesPerSample =
        std::clamp(static_cast<int>(std::ceil(options.sampleMicroseconds / roughMicroseconds)), 1, options.launchesMax);
    graph = std::make_unique<Graph>(partition.stream, [&](cudaStream_t stream) {
      launch(stream, 0);  // hides the start of the graph from the first timed launch
      CUDA_CHECK(cudaEventRecordWithFlags(start, stream, cudaEventRecordExternal));
      for (int i = 0; i < timing.launchesPerSample; ++i) launch(stream, i + 1);
      CUDA_CHECK(cudaEventRecordWithFlags(stop, stream, cudaEventRecordExternal));
    });
    graph->launch(partition.stream);
    CUDA_CHECK(cudaStreamSynchronize(partition.stream));
  }
  if (options.restSeconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(options.restSeconds));
  for (double spent = 0; spent < options.preheatSeconds;) {
    constexpr int burst = 8;
    for (int i = 0; i < burst; ++i) graph ? graph->launch(partition.stream) : launch(partition.stream, i);
    CUDA_CHECK(cudaStreamSynchronize(partition.stream));
    spent += burst * timing.launchesPerSample * roughMicroseconds * 1e-6;
  }
  harness::StoppingCriterion criterion(options.rule);
  while (!criterion.finished()) {
    if (graph) {
      graph->launch(partition.stream);
    } else {
      CUDA_CHECK(cudaEventRecord(start, partition.stream));
      launch(partition.stream, static_cast<int>(criterion.samples().size()) + 1);
      CUDA_CHECK(cudaEventRecord(stop, partition.stream));
    }
    CUDA_CHECK(cudaStreamSynchronize(partition.stream));
    const double total = elapsedMicroseconds(start, stop);
    criterion.add(total / timing.launchesPerSample, total * 1e-6);
  }
  timing.clock = facts.readClock();
  timing.samples = static_cast<int>(criterion.samples().size());
  timing.medianMicroseconds = harness::median(criterion.samples());
  timing.deviation = harness::relativeDeviation(criterion.samples());
  timing.halfWidth = harness::relativeHalfWidth(criterion.samples());
  return timing;
}

}  // namespace

Timing measure(const DeviceFacts& facts, Partition& partition, const Launch& launch, const TimingOptions& options) {
  const double rough = std::max(0.5, estimate(partition, launch));
  constexpr int attempts = 3;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const Timing timing = sample(facts, partition, launch, options, rough);
    if (!timing.clock.throttled) return timing;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  throw std::runtime_error("throttled in " + std::to_string(attempts) + " attempts");
}

}  // namespace device
