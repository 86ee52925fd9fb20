// SM partitions as green contexts, each with its own stream, cuBLASLt handle and workspace.
#pragma once
#include <cublasLt.h>
#include <cuda.h>
#include <cuda_runtime.h>

#include <map>
#include <memory>
#include <utility>

#include "Cuda.h"

namespace device {

struct Partition {
  int requested = 0;
  int granted = 0;  ///< read back from the driver; request and result differ
  cudaStream_t stream = nullptr;
  CUgreenCtx context = nullptr;  ///< null: the primary context, that is, the whole GPU
  cublasLtHandle_t lt = nullptr;
  Buffer workspace;
  Partition() = default;
  Partition(const Partition&) = delete;
  ~Partition();
};

struct PartitionCosts {
  double createMicroseconds, streamMicroseconds, destroyMicroseconds;
};

class PartitionTable {
 public:
  explicit PartitionTable(int deviceIndex);
  int smCount() const { return smCount_; }

  /// Partition of `sms` SMs alone; the whole device gives an ordinary stream.
  Partition& get(int sms);

  /// Two disjoint partitions, the second being the remainder of the device.
  /// Equal full counts: two ordinary streams which share all SMs.
  std::pair<Partition*, Partition*> pair(int first, int second);

  /// Times one create / stream / destroy cycle without keeping anything.
  PartitionCosts timeCycle(int sms);

 private:
  std::unique_ptr<Partition> make(int requested, CUdevResource* resource);
  void split(int sms, CUdevResource* group, CUdevResource* remaining);

  int deviceIndex_;
  int smCount_;
  std::map<int, std::unique_ptr<Partition>> single_;
  std::map<std::pair<int, int>, std::pair<std::unique_ptr<Partition>, std::unique_ptr<Partition>>> pairs_;
};

}  // namespace device
