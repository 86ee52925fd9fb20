// Times device work on one partition.
#pragma once
#include <functional>
#include <vector>

#include "DeviceFacts.h"
#include "Harness/StoppingCriterion.h"
#include "Partition.h"

namespace device {

/// Queues launch number `index`; the index picks the buffer copy in cold measurements.
using Launch = std::function<void(cudaStream_t stream, int index)>;

struct Timing {
  double medianMicroseconds = 0;
  double deviation = 0;    ///< median absolute deviation, relative
  double halfWidth = 0;    ///< 95 % interval of the median, relative
  int samples = 0;
  int launchesPerSample = 1;
  bool graph = true;
  ClockReading clock;
};

struct TimingOptions {
  harness::StoppingRule rule;
  double sampleMicroseconds = 300;  ///< short launches are repeated inside one graph to about this
  int launchesMax = 64;
  bool forceEager = false;
  double restSeconds = 0;     ///< idle this long first, so that the clock is not held down by what ran before
  double preheatSeconds = 0;  ///< run back to back this long first, to reach the power-limited clock
};

/// Launches of up to a few milliseconds are captured into one CUDA graph between two event nodes,
/// after one warm-up launch inside the same graph; longer ones are timed one by one.
/// Throws when the device throttles and keeps doing so.
Timing measure(const DeviceFacts& facts, Partition& partition, const Launch& launch, const TimingOptions& options);

/// A quick eager figure (two launches) for choosing between candidates.
double estimate(Partition& partition, const Launch& launch, int launches = 2);

class Event {
 public:
  Event() { CUDA_CHECK(cudaEventCreate(&event_)); }
  Event(const Event&) = delete;
  Event(Event&& other) noexcept : event_(other.event_) { other.event_ = nullptr; }
  ~Event() {
    if (event_) cudaEventDestroy(event_);
  }
  operator cudaEvent_t() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// A captured and instantiated graph.
class Graph {
 public:
  Graph(cudaStream_t stream, const std::function<void(cudaStream_t)>& record);
  Graph(const Graph&) = delete;
  ~Graph();
  void launch(cudaStream_t stream) const { CUDA_CHECK(cudaGraphLaunch(executable_, stream)); }
  cudaGraph_t graph() const { return graph_; }
  cudaGraphExec_t executable() const { return executable_; }

 private:
  cudaGraph_t graph_ = nullptr;
  cudaGraphExec_t executable_ = nullptr;
};

double elapsedMicroseconds(cudaEvent_t start, cudaEvent_t stop);

}  // namespace device
