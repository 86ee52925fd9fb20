// Two lanes side by side: shared by the green-context and the MPS family.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "DecoderModel.h"

namespace kernels {

struct CoRunCase {
  int tokens, batch, context;
};

/// Prefill tokens x decode (batch, context), the cheap ones for a quick run.
std::vector<CoRunCase> coRunCases(bool quick);

/// Layers per loop: distinct weights of 3.5 GB, so that none survives in L2 from one loop to the next.
constexpr int coRunLayers = 8;

struct LaneTiming {
  double meanMicroseconds = 0, medianMicroseconds = 0, deviation = 0;
  int iterations = 0;
  bool known() const { return iterations > 0; }
};
LaneTiming summarize(const std::vector<double>& iterationMicroseconds);

/// One lane with its prepared loop as a graph.
struct Side {
  std::unique_ptr<Lane> lane;
  std::unique_ptr<device::Graph> graph;
  LaneTiming alone;
};

/// Builds lane and graph once, then times the loop alone on its partition.
void prepareSide(Side& side, Bench& bench, ModelState& state, device::Partition& partition, int tokensMax,
                 const std::function<void(Lane&)>& prepareLane, int layers, bool whole);

/// Adds `prefix`_us, _median_us, _deviation and _iterations.
void addTiming(harness::JsonLine& line, const std::string& prefix, const LaneTiming& timing);

}  // namespace kernels
