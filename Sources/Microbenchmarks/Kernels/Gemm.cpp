#include "Gemm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "Device/Measurement.h"

namespace kernels {
namespace {

constexpr int candidatesMax = 6;

void setAttribute(cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t name, const void* value, size_t size) {
  STATUS_CHECK(cublasLtMatmulDescSetAttribute(operation, name, value, size));
}

std::string nameOf(const cublasLtMatmulAlgo_t& algorithm) {
  int id = 0, splitK = 1;
  uint32_t tile = 0, stages = 0;
  uint16_t cluster = 0;
  size_t written = 0;
  cublasLtMatmulAlgoConfigGetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_ID, &id, sizeof id, &written);
  cublasLtMatmulAlgoConfigGetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_TILE_ID, &tile, sizeof tile, &written);
  cublasLtMatmulAlgoConfigGetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_STAGES_ID, &stages, sizeof stages, &written);
  cublasLtMatmulAlgoConfigGetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_SPLITK_NUM, &splitK, sizeof splitK, &written);
  cublasLtMatmulAlgoConfigGetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, &cluster, sizeof cluster, &written);
  return "id" + std::to_string(id) + " tile" + std::to_string(tile) + " stages" + std::to_string(stages) + " splitk" +
         std::to_string(splitK) + " cluster" + std::to_string(cluster);
}

}  // namespace

Gemm::Gemm() : one_(sizeof(float)) {
  const float one = 1;
  CUDA_CHECK(cudaMemcpy(one_.as(), &one, sizeof one, cudaMemcpyHostToDevice));
  CUDA_CHECK(cudaDeviceSynchronize());
}

std::string Gemm::version() {
  const size_t version = cublasLtGetVersion();
  return std::to_string(version / 10000) + "." + std::to_string(version % 10000 / 100) + "." + std::to_string(version % 100);
}

Gemm::Plan Gemm::withOwnRows(const Plan& plan, GemmType type) {
  Plan own = plan;
  const cudaDataType_t operand = type == GemmType::fp8 ? CUDA_R_8F_E4M3 : CUDA_R_16BF;
  STATUS_CHECK(cublasLtMatrixLayoutCreate(&own.x, operand, plan.k, plan.m, plan.k));
  STATUS_CHECK(cublasLtMatrixLayoutCreate(&own.y, CUDA_R_16BF, plan.n, plan.m, plan.n));
  own.tuned = plan.algorithm;
  return own;
}

bool Gemm::setRows(const device::Partition& partition, Plan& plan, int64_t rows) const {
  const uint64_t columns = static_cast<uint64_t>(rows);
  for (auto layout : {plan.x, plan.y}) STATUS_CHECK(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_COLS, &columns, sizeof columns));
  plan.m = rows;
  plan.algorithm = plan.tuned;
  cublasLtMatmulHeuristicResult_t result = {};
  const auto status = cublasLtMatmulAlgoCheck(partition.lt, plan.operation, plan.w, plan.x, plan.y, plan.y, &plan.algorithm, &result);
  if (status == CUBLAS_STATUS_SUCCESS && result.state == CUBLAS_STATUS_SUCCESS && result.workspaceSize <= partition.workspace.bytes()) return true;
  cublasLtMatmulPreference_t preference;
  STATUS_CHECK(cublasLtMatmulPreferenceCreate(&preference));
  const size_t workspace = partition.workspace.bytes();
  STATUS_CHECK(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace));
  int found = 0;
  STATUS_CHECK(cublasLtMatmulAlgoGetHeuristic(partition.lt, plan.operation, plan.w, plan.x, plan.y, plan.y, preference, 1, &result, &found));
  cublasLtMatmulPreferenceDestroy(preference);
  if (found == 0) device::fail("cuBLASLt offers no algorithm", __FILE_NAME__, __LINE__);
  plan.algorithm = result.algo;
  return false;
}

void Gemm::run(const device::Partition& partition, const Plan& plan, const void* w, const void* x, void* y,
               cudaStream_t stream) const {
  const float alpha = 1, beta = 0;
  STATUS_CHECK(cublasLtMatmul(partition.lt, plan.operation, &alpha, w, plan.w, x, plan.x, &beta, y, plan.y, y, plan.y,
                              &plan.algorithm, partition.workspace.as(), partition.workspace.bytes(), stream));
}

const Gemm::Plan& Gemm::plan(device::Partition& partition, GemmType type, int64_t m, int64_t n, int64_t k, const void* w,
                             size_t weightStride, int weightCopies, const void* x, void* y) {
  const auto key = std::make_tuple(&partition, type, m, n, k);
  if (auto known = plans_.find(key); known != plans_.end()) return known->second;

  Plan plan;
  plan.m = m;
  plan.n = n;
  plan.k = k;
  // Row-major y = x w^T is column-major y^T = w x^T: w comes first and is the transposed operand.
  STATUS_CHECK(cublasLtMatmulDescCreate(&plan.operation, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  const cublasOperation_t transposed = CUBLAS_OP_T, plain = CUBLAS_OP_N;
  setAttribute(plan.operation, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed);
  setAttribute(plan.operation, CUBLASLT_MATMUL_DESC_TRANSB, &plain, sizeof plain);
  const int32_t sms = partition.granted;
  // Heuristics would otherwise tile for the whole device.
  if (partition.context) setAttribute(plan.operation, CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET, &sms, sizeof sms);
  const cudaDataType_t operand = type == GemmType::fp8 ? CUDA_R_8F_E4M3 : CUDA_R_16BF;
  if (type == GemmType::fp8) {
    const void* scale = one_.as();
    const int8_t fastAccumulation = 1;
    setAttribute(plan.operation, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, &scale, sizeof scale);
    setAttribute(plan.operation, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, &scale, sizeof scale);
    setAttribute(plan.operation, CUBLASLT_MATMUL_DESC_FAST_ACCUM, &fastAccumulation, sizeof fastAccumulation);
  }
  STATUS_CHECK(cublasLtMatrixLayoutCreate(&plan.w, operand, k, n, k));
  STATUS_CHECK(cublasLtMatrixLayoutCreate(&plan.x, operand, k, m, k));
  STATUS_CHECK(cublasLtMatrixLayoutCreate(&plan.y, CUDA_R_16BF, n, m, n));

  cublasLtMatmulPreference_t preference;
  STATUS_CHECK(cublasLtMatmulPreferenceCreate(&preference));
  const size_t workspace = partition.workspace.bytes();
  STATUS_CHECK(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace));

  const double roughMicroseconds = 2.0 * m * n * k / (6.5e8 * sms / 132);
  const int wanted = roughMicroseconds > 10000 ? 2 : roughMicroseconds > 1500 ? 3 : candidatesMax;
  cublasLtMatmulHeuristicResult_t results[candidatesMax];
  int found = 0;
  STATUS_CHECK(cublasLtMatmulAlgoGetHeuristic(partition.lt, plan.operation, plan.w, plan.x, plan.y, plan.y, preference, wanted, results, &found));
  cublasLtMatmulPreferenceDestroy(preference);
  if (found == 0) device::fail("cuBLASLt offers no algorithm", __FILE_NAME__, __LINE__);

  const int launches = std::clamp(static_cast<int>(120 / std::max(1.0, roughMicroseconds)), 1, 6);
  double best = std::numeric_limits<double>::infinity();
  // Two rounds, the better time of each candidate: the first also sees clocks rise and modules load.
  const int rounds = found == 1 ? 0 : roughMicroseconds > 10000 ? 1 : 2;
  plan.algorithm = plan.defaultAlgorithm = results[0].algo;
  for (int i = 0; i < found * rounds; ++i) {
    Plan candidate = plan;
    candidate.algorithm = results[i % found].algo;
    double time = std::numeric_limits<double>::infinity();
    try {
      time = device::estimate(partition, [&](cudaStream_t stream, int index) {
        run(partition, candidate, static_cast<const char*>(w) + weightStride * (index % weightCopies), x, y, stream);
      }, launches);
    } catch (const std::exception&) {
      // Some kernels need a cluster that a small or odd partition has no room for.
      cudaGetLastError();
      CUDA_CHECK(cudaStreamSynchronize(partition.stream));
    }
    if (time < best) {
      best = time;
      plan.algorithm = candidate.algorithm;
      plan.isDefault = i % found == 0;
    }
  }
  if (rounds && std::isinf(best)) device::fail("no cuBLASLt algorithm runs on this partition", __FILE_NAME__, __LINE__);
  plan.candidates = found;
  plan.algorithmName = nameOf(plan.algorithm);
  return plans_[key] = plan;
}

}  // namespace kernels
