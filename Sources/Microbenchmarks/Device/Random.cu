// Helper kernels: random fills, a timed spin, and a count of the SMs a stream reaches.
#include <cuda_bf16.h>
#include <cuda_fp8.h>

#include <set>
#include <vector>

#include "Cuda.h"

namespace device {
namespace {

__device__ inline uint64_t mix(uint64_t z) {  // SplitMix64 finaliser
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

__device__ inline float uniform(uint64_t seed, uint64_t index) {
  return static_cast<float>(mix(seed * 0x9e3779b97f4a7c15ull + index) >> 40) * (2.0f / 16777216.0f) - 1.0f;
}

__global__ void fillBF16(__nv_bfloat16* out, size_t count, float scale, uint64_t seed) {
  for (size_t i = blockIdx.x * size_t(blockDim.x) + threadIdx.x; i < count; i += size_t(gridDim.x) * blockDim.x)
    out[i] = __float2bfloat16(scale * uniform(seed, i));
}

__global__ void fillFP8(__nv_fp8_e4m3* out, size_t count, float scale, uint64_t seed) {
  for (size_t i = blockIdx.x * size_t(blockDim.x) + threadIdx.x; i < count; i += size_t(gridDim.x) * blockDim.x)
    out[i] = __nv_fp8_e4m3(scale * uniform(seed, i));
}

__global__ void fillTokens(int* out, size_t count, int vocabulary, uint64_t seed) {
  for (size_t i = blockIdx.x * size_t(blockDim.x) + threadIdx.x; i < count; i += size_t(gridDim.x) * blockDim.x)
    out[i] = static_cast<int>(mix(seed * 0x9e3779b97f4a7c15ull + i) % vocabulary);
}

__device__ inline int64_t globalNanoseconds() {
  int64_t now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

__global__ void spinKernel(int64_t nanoseconds) {
  const int64_t end = globalNanoseconds() + nanoseconds;
  while (globalNanoseconds() < end) __nanosleep(200);
}

__global__ void recordSM(unsigned* seen) {
  unsigned id;
  asm volatile("mov.u32 %0, %%smid;" : "=r"(id));
  // Blocks linger so that the scheduler has to use every SM it may use.
  const int64_t end = globalNanoseconds() + 20000;
  while (globalNanoseconds() < end) __nanosleep(200);
  if (threadIdx.x == 0) seen[blockIdx.x] = id;
}

}  // namespace

void fillRandomBF16(void* pointer, size_t count, float scale, uint64_t seed, cudaStream_t stream) {
  fillBF16<<<1056, 256, 0, stream>>>(static_cast<__nv_bfloat16*>(pointer), count, scale, seed);
  CUDA_CHECK(cudaGetLastError());
}

void fillRandomFP8(void* pointer, size_t count, float scale, uint64_t seed, cudaStream_t stream) {
  fillFP8<<<1056, 256, 0, stream>>>(static_cast<__nv_fp8_e4m3*>(pointer), count, scale, seed);
  CUDA_CHECK(cudaGetLastError());
}

void fillRandomTokens(int* pointer, size_t count, int vocabulary, uint64_t seed, cudaStream_t stream) {
  fillTokens<<<64, 256, 0, stream>>>(pointer, count, vocabulary, seed);
  CUDA_CHECK(cudaGetLastError());
}

void spin(cudaStream_t stream, int64_t nanoseconds) {
  spinKernel<<<1, 1, 0, stream>>>(nanoseconds);
  CUDA_CHECK(cudaGetLastError());
}

int countVisibleSMs(cudaStream_t stream) {
  constexpr int blocks = 2048;
  Buffer seen(blocks * sizeof(unsigned));
  recordSM<<<blocks, 64, 0, stream>>>(seen.as<unsigned>());
  CUDA_CHECK(cudaGetLastError());
  std::vector<unsigned> host(blocks);
  CUDA_CHECK(cudaMemcpyAsync(host.data(), seen.as<void>(), blocks * sizeof(unsigned), cudaMemcpyDeviceToHost, stream));
  CUDA_CHECK(cudaStreamSynchronize(stream));
  return static_cast<int>(std::set<unsigned>(host.begin(), host.end()).size());
}

}  // namespace device
