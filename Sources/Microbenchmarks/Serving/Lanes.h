// The two workers' halves of a GPU: whole prompts, launched eagerly, and decode steps as CUDA graphs.
#pragma once
#include <map>
#include <memory>
#include <vector>

#include "Device/Driver.h"
#include "Device/Measurement.h"
#include "Kernels/DecoderModel.h"

namespace serving {

/// Host memory that the device copies from and to without waiting.
template <typename T>
class Pinned {
 public:
  explicit Pinned(size_t count) { CUDA_CHECK(cudaHostAlloc(reinterpret_cast<void**>(&values_), count * sizeof(T), cudaHostAllocDefault)); }
  Pinned(const Pinned&) = delete;
  ~Pinned() { cudaFreeHost(values_); }
  T& operator[](size_t index) { return values_[index]; }
  T* data() { return values_; }

 private:
  T* values_ = nullptr;
};

struct Prompt {
  int tokens = 0;
  int64_t firstPage = 0;
};

/// A request that decodes.
struct Sequence {
  int request = 0;
  int64_t firstPage = 0;
  int pages = 0;
  int context = 0;  ///< tokens in the cache
  int token = 0;    ///< the last one, not yet in the cache
};

/// Seconds between the first and the last device work of a step.
struct DeviceTime {
  void begin(cudaStream_t stream) { CUDA_CHECK(cudaEventRecord(start_, stream)); }
  void end(cudaStream_t stream) { CUDA_CHECK(cudaEventRecord(stop_, stream)); }
  double seconds() const { return device::elapsedMicroseconds(start_, stop_) * 1e-6; }

 private:
  device::Event start_, stop_;
};

class PrefillLane : public kernels::Lane {
 public:
  /// Tunes the products for numbers of rows up to those of the longest batch, and plans attention.
  PrefillLane(kernels::Bench& bench, kernels::ModelState& state, device::Partition& partition, int rowsMax);

  /// Serves whole prompts to their first tokens; returns when these are on the host.
  /// - Returns: seconds of the device.
  double run(const std::vector<Prompt>& prompts, std::vector<int>& firstTokens);
  /// Products for which the tuned algorithm could not be kept.
  int fallbacks() const { return fallbacks_; }

 private:
  struct Tuned {
    kernels::Gemm::Plan qkv, o, gateUp, down;
  };
  void setProducts(int rows, int prompts);
  void setPrompts(const std::vector<Prompt>& prompts, cudaStream_t stream);
  const kernels::Gemm::Plan* resized(kernels::Gemm::Plan& plan, int rows);

  std::map<int, Tuned> tuned_;  // by the most rows
  std::map<int, kernels::Gemm::Plan> heads_;
  Pinned<int> positionsHost_, slotsHost_, lastRowsHost_, tokensHost_;
  DeviceTime time_;
  int fallbacks_ = 0;
};

class DecodeLane : public kernels::Lane {
 public:
  /// Captures a graph for every size of batch. `pagesMax`: pages of the longest sequence.
  DecodeLane(kernels::Bench& bench, kernels::ModelState& state, device::Partition& partition, int pagesMax);

  /// One token for each sequence, at most `sequencesMax`; their contexts and tokens are brought forward.
  /// - Returns: seconds of the device.
  double step(std::vector<Sequence>& sequences);

 private:
  struct AttentionNode {
    CUgraphNode node;
    CUDA_KERNEL_NODE_PARAMS parameters;
  };
  /// The grid of the attention kernels depends on the contexts, so it is set before a launch where it changes.
  struct Captured {
    std::unique_ptr<device::Graph> graph;
    std::vector<AttentionNode> attention;
    int items = 0;
  };
  void capture(int batch);
  void setItems(Captured& captured, int items);
  void setInputs(const std::vector<Sequence>& sequences, int batch, cudaStream_t stream);

  kernels::DecodePlan::Arguments arguments_ = {};
  std::map<int, Captured> graphs_;
  std::vector<std::pair<int64_t, int>> rowPages_;  // first page and pages that the block table of each row was written for
  device::Buffer plan_, partialOutput_, partialLse_, arrivals_;
  Pinned<int> planHost_, rowsHost_, tablesHost_, tokensHost_;
  DeviceTime time_;
};

}  // namespace serving
