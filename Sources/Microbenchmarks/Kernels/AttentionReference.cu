#include "AttentionReference.h"

#include <cmath>
#include <vector>

#include "Device/Cuda.h"

namespace kernels {
namespace {

constexpr int headDim = 128, pageSize = 16;

__device__ int64_t offsetOf(const KVView& kv, int64_t token) {
  if (!kv.pages) return token * kv.tokenStride;
  const int64_t page = kv.pages[token / pageSize];
  return ((page * kv.kvHeads + kv.kvHead) * pageSize + token % pageSize) * headDim;
}

__global__ void scoreKernel(const __nv_bfloat16* query, KVView kv, int64_t length, double* scores) {
  for (int64_t t = blockIdx.x * blockDim.x + threadIdx.x; t < length; t += int64_t(gridDim.x) * blockDim.x) {
    const __nv_bfloat16* key = kv.keys + offsetOf(kv, t);
    double sum = 0;
    for (int d = 0; d < headDim; ++d) sum += double(__bfloat162float(query[d])) * double(__bfloat162float(key[d]));
    scores[t] = sum / sqrt(double(headDim));
  }
}

// One block per slice of tokens and one thread per dimension; partial sums meet in atomics.
__global__ void valueKernel(KVView kv, int64_t length, const double* weights, double* output) {
  const int64_t perBlock = (length + gridDim.x - 1) / gridDim.x;
  const int64_t first = blockIdx.x * perBlock, last = min(length, first + perBlock);
  double sum = 0;
  for (int64_t t = first; t < last; ++t) sum += weights[t] * double(__bfloat162float(kv.values[offsetOf(kv, t) + threadIdx.x]));
  atomicAdd(output + threadIdx.x, sum);
}

}  // namespace

double attentionRowError(const __nv_bfloat16* query, const KVView& kv, int64_t length, const __nv_bfloat16* row) {
  device::Buffer scores(length * sizeof(double)), output(headDim * sizeof(double));
  scoreKernel<<<64, 256>>>(query, kv, length, scores.as<double>());
  CUDA_CHECK(cudaGetLastError());
  std::vector<double> host(length);
  CUDA_CHECK(cudaMemcpy(host.data(), scores.as(), length * sizeof(double), cudaMemcpyDeviceToHost));
  double largest = host[0], total = 0;
  for (double s : host) largest = std::max(largest, s);
  for (double& s : host) total += s = std::exp(s - largest);
  for (double& s : host) s /= total;
  CUDA_CHECK(cudaMemcpy(scores.as(), host.data(), length * sizeof(double), cudaMemcpyHostToDevice));
  CUDA_CHECK(cudaMemset(output.as(), 0, headDim * sizeof(double)));
  valueKernel<<<64, headDim>>>(kv, length, scores.as<double>(), output.as<double>());
  CUDA_CHECK(cudaGetLastError());
  double reference[headDim];
  __nv_bfloat16 found[headDim];
  CUDA_CHECK(cudaMemcpy(reference, output.as(), sizeof reference, cudaMemcpyDeviceToHost));
  CUDA_CHECK(cudaMemcpy(found, row, sizeof found, cudaMemcpyDeviceToHost));
  double errorSquared = 0, referenceSquared = 0;
  for (int d = 0; d < headDim; ++d) {
    const double difference = double(__bfloat162float(found[d])) - reference[d];
    errorSquared += difference * difference;
    referenceSquared += reference[d] * reference[d];
  }
  return std::sqrt(errorSquared / referenceSquared);
}

}  // namespace kernels
