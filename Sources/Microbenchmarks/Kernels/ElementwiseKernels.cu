#include "ElementwiseKernels.h"

#include <algorithm>

#include "Device/Cuda.h"

namespace kernels {
namespace {

constexpr int headDim = 128, pageSize = 16;

struct alignas(16) Vector8 {
  __nv_bfloat162 pair[4];
};
__device__ inline Vector8 load8(const bf16* p) { return *reinterpret_cast<const Vector8*>(p); }
__device__ inline void store8(bf16* p, const Vector8& v) { *reinterpret_cast<Vector8*>(p) = v; }

__device__ float blockSum(float value) {
  __shared__ float partial[32];
#pragma unroll
  for (int offset = 16; offset; offset >>= 1) value += __shfl_xor_sync(~0u, value, offset);
  if ((threadIdx.x & 31) == 0) partial[threadIdx.x >> 5] = value;
  __syncthreads();
  value = threadIdx.x % 32 < blockDim.x / 32 ? partial[threadIdx.x % 32] : 0;
#pragma unroll
  for (int offset = 16; offset; offset >>= 1) value += __shfl_xor_sync(~0u, value, offset);
  return value;
}

// One block per token, eight elements per thread, so a row is read once and kept in registers.
template <bool withResidual>
__global__ void normKernel(const bf16* x, bf16* residual, const bf16* weight, bf16* out, int hidden) {
  const size_t offset = size_t(blockIdx.x) * hidden + threadIdx.x * 8;
  Vector8 v = load8(x + offset);
  float2 f[4];
  float sum = 0;
  if (withResidual) {
    const Vector8 r = load8(residual + offset);
#pragma unroll
    for (int i = 0; i < 4; ++i) v.pair[i] = __hadd2(v.pair[i], r.pair[i]);
    store8(residual + offset, v);
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    f[i] = __bfloat1622float2(v.pair[i]);
    sum += f[i].x * f[i].x + f[i].y * f[i].y;
  }
  const float scale = rsqrtf(blockSum(sum) / hidden + 1e-5f);
  const Vector8 w = load8(weight + threadIdx.x * 8);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 g = __bfloat1622float2(w.pair[i]);
    v.pair[i] = __floats2bfloat162_rn(f[i].x * scale * g.x, f[i].y * scale * g.y);
  }
  store8(out + offset, v);
}

__global__ void siluKernel(const bf16* gateUp, bf16* out, int intermediate) {
  const size_t token = blockIdx.y;
  const int column = (blockIdx.x * blockDim.x + threadIdx.x) * 8;
  if (column >= intermediate) return;
  const Vector8 gate = load8(gateUp + token * 2 * intermediate + column);
  const Vector8 up = load8(gateUp + token * 2 * intermediate + intermediate + column);
  Vector8 result;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 g = __bfloat1622float2(gate.pair[i]), u = __bfloat1622float2(up.pair[i]);
    result.pair[i] = __floats2bfloat162_rn(g.x / (1 + __expf(-g.x)) * u.x, g.y / (1 + __expf(-g.y)) * u.y);
  }
  store8(out + token * intermediate + column, result);
}

__global__ void addKernel(const bf16* x, bf16* residual, int64_t vectors) {
  for (int64_t i = blockIdx.x * int64_t(blockDim.x) + threadIdx.x; i < vectors; i += int64_t(gridDim.x) * blockDim.x) {
    Vector8 v = load8(x + i * 8);
    const Vector8 r = load8(residual + i * 8);
#pragma unroll
    for (int j = 0; j < 4; ++j) v.pair[j] = __hadd2(v.pair[j], r.pair[j]);
    store8(residual + i * 8, v);
  }
}

__global__ void embedKernel(const int* ids, const bf16* table, bf16* out, int hidden) {
  const size_t row = ids[blockIdx.x];
  store8(out + size_t(blockIdx.x) * hidden + threadIdx.x * 8, load8(table + row * hidden + threadIdx.x * 8));
}

__global__ void argmaxKernel(const bf16* logits, int* ids, int vocabulary) {
  const bf16* row = logits + size_t(blockIdx.x) * vocabulary;
  float best = -INFINITY;
  int bestIndex = 0;
#pragma unroll 4
  for (int i = threadIdx.x * 8; i < vocabulary; i += blockDim.x * 8) {
    const Vector8 v = load8(row + i);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float2 f = __bfloat1622float2(v.pair[j]);
      if (f.x > best) { best = f.x; bestIndex = i + 2 * j; }
      if (f.y > best) { best = f.y; bestIndex = i + 2 * j + 1; }
    }
  }
  __shared__ float bests[32];
  __shared__ int indices[32];
  auto reduce = [&] {
#pragma unroll
    for (int offset = 16; offset; offset >>= 1) {
      const float other = __shfl_xor_sync(~0u, best, offset);
      const int otherIndex = __shfl_xor_sync(~0u, bestIndex, offset);
      if (other > best || (other == best && otherIndex < bestIndex)) { best = other; bestIndex = otherIndex; }
    }
  };
  reduce();
  if ((threadIdx.x & 31) == 0) { bests[threadIdx.x >> 5] = best; indices[threadIdx.x >> 5] = bestIndex; }
  __syncthreads();
  if (threadIdx.x < 32) {
    const bool present = threadIdx.x < blockDim.x / 32;
    best = present ? bests[threadIdx.x] : -INFINITY;
    bestIndex = present ? indices[threadIdx.x] : 0x7fffffff;
    reduce();
    if (threadIdx.x == 0) ids[blockIdx.x] = bestIndex;
  }
}

__global__ void quantizeKernel(const bf16* x, __nv_fp8_e4m3* out, float inverseScale, int64_t vectors) {
  for (int64_t i = blockIdx.x * int64_t(blockDim.x) + threadIdx.x; i < vectors; i += int64_t(gridDim.x) * blockDim.x) {
    const Vector8 v = load8(x + i * 8);
    __nv_fp8x4_e4m3 packed[2];
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      const float2 a = __bfloat1622float2(v.pair[2 * j]), b = __bfloat1622float2(v.pair[2 * j + 1]);
      packed[j] = __nv_fp8x4_e4m3(make_float4(a.x * inverseScale, a.y * inverseScale, b.x * inverseScale, b.y * inverseScale));
    }
    *reinterpret_cast<uint2*>(out + i * 8) = *reinterpret_cast<uint2*>(packed);
  }
}

// Eight threads rotate one head: each takes eight elements of the first half and their partners.
__global__ void rotaryKernel(bf16* qkv, const int* positions, const int* slots, const float2* cosSin, bf16* keys, bf16* values, int heads, int kvHeads) {
  const int token = blockIdx.x, head = threadIdx.x / 8, part = threadIdx.x % 8 * 8;
  bf16* row = qkv + size_t(token) * (heads + 2 * kvHeads) * headDim;
  const int64_t slot = slots[token];
  auto cacheOffset = [&](int kvHead) { return ((slot / pageSize * kvHeads + kvHead) * pageSize + slot % pageSize) * headDim; };
  if (head < heads + kvHeads) {
    bf16* values0 = row + head * headDim + part;
    Vector8 low = load8(values0), high = load8(values0 + headDim / 2);
    const float2* angles = cosSin + size_t(positions[token]) * (headDim / 2) + part;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float2 a = __bfloat1622float2(low.pair[i]), b = __bfloat1622float2(high.pair[i]);
      const float2 r0 = angles[2 * i], r1 = angles[2 * i + 1];
      low.pair[i] = __floats2bfloat162_rn(a.x * r0.x - b.x * r0.y, a.y * r1.x - b.y * r1.y);
      high.pair[i] = __floats2bfloat162_rn(b.x * r0.x + a.x * r0.y, b.y * r1.x + a.y * r1.y);
    }
    store8(values0, low);
    store8(values0 + headDim / 2, high);
    if (head >= heads) {
      bf16* cached = keys + cacheOffset(head - heads) + part;
      store8(cached, low);
      store8(cached + headDim / 2, high);
    }
  } else {
    const bf16* source = row + head * headDim + part;
    bf16* cached = values + cacheOffset(head - heads - kvHeads) + part;
    store8(cached, load8(source));
    store8(cached + headDim / 2, load8(source + headDim / 2));
  }
}

__global__ void cosSinKernel(float2* cosSin, int positions) {
  const int index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= positions * 64) return;
  const double angle = double(index / 64) * pow(500000.0, -double(index % 64) / 64);  // base of Llama 3
  cosSin[index] = make_float2(float(cos(angle)), float(sin(angle)));
}

__global__ void readKernel(const uint4* source, int64_t vectors, float* sink) {
  const int64_t stride = int64_t(gridDim.x) * blockDim.x;
  unsigned mixed = 0;
  int64_t i = blockIdx.x * int64_t(blockDim.x) + threadIdx.x;
  for (; i + 7 * stride < vectors; i += 8 * stride) {
    uint4 v[8];
#pragma unroll
    for (int j = 0; j < 8; ++j) v[j] = __ldcs(source + i + j * stride);
#pragma unroll
    for (int j = 0; j < 8; ++j) mixed ^= v[j].x ^ v[j].y ^ v[j].z ^ v[j].w;
  }
  for (; i < vectors; i += stride) mixed ^= source[i].x;
  if (mixed == 0x12345678u) *sink = 1;
}

__global__ void copyKernel(const uint4* source, uint4* destination, int64_t vectors) {
  const int64_t stride = int64_t(gridDim.x) * blockDim.x;
  int64_t i = blockIdx.x * int64_t(blockDim.x) + threadIdx.x;
  for (; i + 3 * stride < vectors; i += 4 * stride) {
    uint4 v[4];
#pragma unroll
    for (int j = 0; j < 4; ++j) v[j] = __ldcs(source + i + j * stride);
#pragma unroll
    for (int j = 0; j < 4; ++j) __stcs(destination + i + j * stride, v[j]);
  }
  for (; i < vectors; i += stride) destination[i] = source[i];
}

int blocksFor(int64_t vectors) { return static_cast<int>(std::min<int64_t>((vectors + 255) / 256, 4224)); }

}  // namespace

#define LAUNCHED() CUDA_CHECK(cudaGetLastError())

void rmsNorm(const bf16* x, const bf16* weight, bf16* out, int tokens, int hidden, cudaStream_t stream) {
  normKernel<false><<<tokens, hidden / 8, 0, stream>>>(x, nullptr, weight, out, hidden);
  LAUNCHED();
}

void addRmsNorm(const bf16* x, bf16* residual, const bf16* weight, bf16* out, int tokens, int hidden, cudaStream_t stream) {
  normKernel<true><<<tokens, hidden / 8, 0, stream>>>(x, residual, weight, out, hidden);
  LAUNCHED();
}

void siluMultiply(const bf16* gateUp, bf16* out, int tokens, int intermediate, cudaStream_t stream) {
  siluKernel<<<dim3((intermediate / 8 + 255) / 256, tokens), 256, 0, stream>>>(gateUp, out, intermediate);
  LAUNCHED();
}

void addResidual(const bf16* x, bf16* residual, int tokens, int hidden, cudaStream_t stream) {
  const int64_t vectors = int64_t(tokens) * hidden / 8;
  addKernel<<<blocksFor(vectors), 256, 0, stream>>>(x, residual, vectors);
  LAUNCHED();
}

void embed(const int* ids, const bf16* table, bf16* out, int tokens, int hidden, cudaStream_t stream) {
  embedKernel<<<tokens, hidden / 8, 0, stream>>>(ids, table, out, hidden);
  LAUNCHED();
}

void argmaxRows(const bf16* logits, int* ids, int rows, int vocabulary, cudaStream_t stream) {
  argmaxKernel<<<rows, 1024, 0, stream>>>(logits, ids, vocabulary);
  LAUNCHED();
}

void quantizeFP8(const bf16* x, __nv_fp8_e4m3* out, float inverseScale, int64_t count, cudaStream_t stream) {
  quantizeKernel<<<blocksFor(count / 8), 256, 0, stream>>>(x, out, inverseScale, count / 8);
  LAUNCHED();
}

void rotaryAndCache(bf16* qkv, const int* positions, const int* slots, const float2* cosSin, bf16* keys, bf16* values, int tokens, int heads, int kvHeads, cudaStream_t stream) {
  rotaryKernel<<<tokens, (heads + 2 * kvHeads) * 8, 0, stream>>>(qkv, positions, slots, cosSin, keys, values, heads, kvHeads);
  LAUNCHED();
}

void fillCosSin(float2* cosSin, int positions, cudaStream_t stream) {
  cosSinKernel<<<(positions * 64 + 255) / 256, 256, 0, stream>>>(cosSin, positions);
  LAUNCHED();
}

void readBytes(const void* source, int64_t bytes, int blocks, float* sink, cudaStream_t stream) {
  readKernel<<<blocks, 256, 0, stream>>>(static_cast<const uint4*>(source), bytes / 16, sink);
  LAUNCHED();
}

void copyBytes(const void* source, void* destination, int64_t bytes, int blocks, cudaStream_t stream) {
  copyKernel<<<blocks, 256, 0, stream>>>(static_cast<const uint4*>(source), static_cast<uint4*>(destination), bytes / 16);
  LAUNCHED();
}

}  // namespace kernels
