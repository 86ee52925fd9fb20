// cuBLASLt products y[m,n] = x[m,k] w[n,k]^T with a plan tuned per partition.
#pragma once
#include <map>
#include <string>
#include <tuple>

#include "Device/Partition.h"

namespace kernels {

enum class GemmType { bf16, fp8 };

class Gemm {
 public:
  struct Plan {
    cublasLtMatmulDesc_t operation = nullptr;
    cublasLtMatrixLayout_t w = nullptr, x = nullptr, y = nullptr;
    cublasLtMatmulAlgo_t algorithm = {};
    cublasLtMatmulAlgo_t tuned = {};             ///< of a plan with rows of its own: what it was tuned to
    cublasLtMatmulAlgo_t defaultAlgorithm = {};  ///< the heuristic's first result: what engines run untuned
    bool isDefault = true;
    int candidates = 0;      ///< heuristic results that were timed against each other
    std::string algorithmName;
    int64_t m = 0, n = 0, k = 0;
  };

  Gemm();
  /// Takes the fastest of the first few heuristic results by a short timing on the given operands.
  /// `weightStride` > 0: weight copies to rotate over, so that the choice is made with cold weights.
  const Plan& plan(device::Partition& partition, GemmType type, int64_t m, int64_t n, int64_t k, const void* w,
                   size_t weightStride, int weightCopies, const void* x, void* y);
  void run(const device::Partition& partition, const Plan& plan, const void* w, const void* x, void* y,
           cudaStream_t stream) const;
  /// A plan with layouts of its own, whose rows can be changed from run to run.
  static Plan withOwnRows(const Plan& plan, GemmType type);
  /// Another number of rows for such a plan, up to those it was tuned for. Its algorithm stays where it can.
  /// Returns whether it could; else the first that the heuristic gives is taken.
  bool setRows(const device::Partition& partition, Plan& plan, int64_t rows) const;
  static std::string version();

 private:
  std::map<std::tuple<const device::Partition*, GemmType, int64_t, int64_t, int64_t>, Plan> plans_;
  device::Buffer one_;  ///< the scale factor 1.0f of per-tensor fp8
};

}  // namespace kernels
