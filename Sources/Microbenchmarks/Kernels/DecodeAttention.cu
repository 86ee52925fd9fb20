// Each warp streams whole pages through its own cp.async ring and keeps its own softmax state, so no
// block-wide barrier stands in the loop. All query heads of a KV head share the rows of one 16-row
// matrix fragment; with at most 16 of them the tensor cores are far from busy and memory decides.
// The block that arrives last for a (sequence, KV head) merges the splits, which saves a launch.
#include "DecodeAttention.h"

namespace kernels {
namespace {

constexpr int warps = 4, stages = 3;
constexpr int pageElements = decodePageSize * decodeHeadDim;
constexpr int stageElements = 2 * pageElements;  // keys, then values
constexpr int sharedBytes = warps * stages * stageElements * 2;
constexpr float never = -1e30f;  // finite, so that differences of two of them are 0 and not NaN

__device__ inline unsigned sharedAddress(const void* pointer) { return static_cast<unsigned>(__cvta_generic_to_shared(pointer)); }

__device__ inline void copyAsync16(unsigned destination, const void* source) {
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(destination), "l"(source) : "memory");
}
__device__ inline void commitCopies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int pending>
__device__ inline void waitCopies() { asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory"); }

__device__ inline void loadMatrix4(unsigned (&r)[4], unsigned address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}
__device__ inline void loadMatrix4Transposed(unsigned (&r)[4], unsigned address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}
__device__ inline void multiplyAdd(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
__device__ inline unsigned pack(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return reinterpret_cast<const unsigned&>(pair);
}

// 16-byte chunks of a 256-byte row are permuted by the row, so that ldmatrix meets no bank twice.
__device__ inline int swizzled(int row, int chunk) { return row * decodeHeadDim + ((chunk ^ (row & 7)) << 3); }

__device__ inline void fetchPage(__nv_bfloat16* stage, const __nv_bfloat16* keys, const __nv_bfloat16* values, int lane) {
#pragma unroll
  for (int i = 0; i < pageElements / 8 / 32; ++i) {
    const int index = i * 32 + lane;
    copyAsync16(sharedAddress(stage + swizzled(index >> 4, index & 15)), keys + index * 8);
  }
#pragma unroll
  for (int i = 0; i < pageElements / 8 / 32; ++i) {
    const int index = i * 32 + lane;
    copyAsync16(sharedAddress(stage + pageElements + swizzled(index >> 4, index & 15)), values + index * 8);
  }
}

struct WarpState {
  float output[16][4];
  float maximum[2] = {never, never}, sum[2] = {0, 0};
};

__device__ inline void consumePage(WarpState& state, const __nv_bfloat16* stage, const unsigned (&query)[8][4], int validTokens, float scale, int lane) {
  const int matrix = lane >> 3, row = lane & 7, pair = (lane & 3) * 2;
  float scores[2][4] = {};
#pragma unroll
  for (int step = 0; step < 8; ++step) {
    unsigned b[4];
    loadMatrix4(b, sharedAddress(stage + swizzled((matrix >> 1) * 8 + row, step * 2 + (matrix & 1))));
    multiplyAdd(scores[0], query[step], b[0], b[1]);
    multiplyAdd(scores[1], query[step], b[2], b[3]);
  }
  unsigned weights[4];
#pragma unroll
  for (int half = 0; half < 2; ++half) {  // query rows lane/4 and lane/4 + 8
    float s[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int token = (i >> 1) * 8 + pair + (i & 1);
      s[i] = token < validTokens ? scores[i >> 1][half * 2 + (i & 1)] * scale : never;
    }
    float largest = fmaxf(fmaxf(s[0], s[1]), fmaxf(s[2], s[3]));
    largest = fmaxf(largest, __shfl_xor_sync(~0u, largest, 1));
    largest = fmaxf(largest, __shfl_xor_sync(~0u, largest, 2));
    const float maximum = fmaxf(state.maximum[half], largest);
    const float correction = exp2f(state.maximum[half] - maximum);
    state.maximum[half] = maximum;
    float total = 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) total += s[i] = exp2f(s[i] - maximum);
    state.sum[half] = state.sum[half] * correction + total;  // each lane keeps its own quarter
#pragma unroll
    for (int tile = 0; tile < 16; ++tile) {
      state.output[tile][half * 2] *= correction;
      state.output[tile][half * 2 + 1] *= correction;
    }
    weights[half] = pack(s[0], s[1]);
    weights[half + 2] = pack(s[2], s[3]);
  }
#pragma unroll
  for (int tile = 0; tile < 8; ++tile) {
    unsigned b[4];
    loadMatrix4Transposed(b, sharedAddress(stage + pageElements + swizzled((matrix & 1) * 8 + row, tile * 2 + (matrix >> 1))));
    multiplyAdd(state.output[tile * 2], weights, b[0], b[1]);
    multiplyAdd(state.output[tile * 2 + 1], weights, b[2], b[3]);
  }
}

__device__ void mergeSplits(const DecodePlan::Arguments& plan, int sequence, int kvHead, int group, int warp, int lane, __nv_bfloat16* out) {
  const int splits = plan.splits[sequence], first = plan.firstPartial[sequence];
  for (int r = warp; r < group; r += warps) {
    const int head = kvHead * group + r;
    float largest = never;
    for (int s = lane; s < splits; s += 32) largest = fmaxf(largest, __ldcg(&plan.partialLse[(first + s) * plan.heads + head]));
#pragma unroll
    for (int offset = 16; offset; offset >>= 1) largest = fmaxf(largest, __shfl_xor_sync(~0u, largest, offset));
    float4 sum = {0, 0, 0, 0};
    float total = 0;
    constexpr int block = 16;  // loads in flight: there can be hundreds of splits and L2 is far away
    for (int s0 = 0; s0 < splits; s0 += block) {
      float lse[block];
      float4 part[block];
#pragma unroll
      for (int j = 0; j < block; ++j) {
        const size_t slot = size_t(first + min(s0 + j, splits - 1)) * plan.heads + head;
        lse[j] = s0 + j < splits ? __ldcg(&plan.partialLse[slot]) : never;
        part[j] = __ldcg(reinterpret_cast<const float4*>(plan.partialOutput + slot * decodeHeadDim) + lane);
      }
#pragma unroll
      for (int j = 0; j < block; ++j) {
        const float weight = exp2f(lse[j] - largest);
        total += weight;
        sum.x += weight * part[j].x; sum.y += weight * part[j].y; sum.z += weight * part[j].z; sum.w += weight * part[j].w;
      }
    }
    const float inverse = 1 / total;
    const uint2 packed = {pack(sum.x * inverse, sum.y * inverse), pack(sum.z * inverse, sum.w * inverse)};
    reinterpret_cast<uint2*>(out + (size_t(sequence) * plan.heads + head) * decodeHeadDim)[lane] = packed;
  }
}

__global__ void __launch_bounds__(warps * 32, 2)
decodeKernel(DecodePlan::Arguments plan, const __nv_bfloat16* q, int64_t queryStride, const __nv_bfloat16* keys,
             const __nv_bfloat16* values, const int* blockTable, int pagesPerSequenceMax, __nv_bfloat16* out) {
  extern __shared__ __align__(128) __nv_bfloat16 shared[];
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const DecodeWorkItem item = plan.items[blockIdx.x / plan.kvHeads];
  const int kvHead = blockIdx.x % plan.kvHeads, group = plan.heads / plan.kvHeads;
  const int context = plan.contexts[item.sequence];
  const int* table = blockTable + size_t(item.sequence) * pagesPerSequenceMax + item.pageBegin;
  __nv_bfloat16* ring = shared + warp * stages * stageElements;
  const int count = (item.pageCount - warp + warps - 1) / warps;  // pages warp, warp + 4, ...

  auto fetch = [&](int index, int page) {
    const size_t offset = (size_t(page) * plan.kvHeads + kvHead) * pageElements;
    fetchPage(ring + index % stages * stageElements, keys + offset, values + offset, lane);
  };
#pragma unroll
  for (int i = 0; i < stages - 1; ++i) {
    if (i < count) fetch(i, table[warp + i * warps]);
    commitCopies();
  }
  // The block table is read one round ahead of its use.
  int nextPage = stages - 1 < count ? table[warp + (stages - 1) * warps] : 0;

  const int row = lane >> 2, pair = (lane & 3) * 2;
  const __nv_bfloat16* queries = q + item.sequence * queryStride + size_t(kvHead) * group * decodeHeadDim;
  unsigned query[8][4];
#pragma unroll
  for (int step = 0; step < 8; ++step) {
#pragma unroll
    for (int part = 0; part < 4; ++part) {
      const int r = row + (part & 1) * 8, column = step * 16 + pair + (part >> 1) * 8;
      query[step][part] = r < group ? *reinterpret_cast<const unsigned*>(queries + r * decodeHeadDim + column) : 0;
    }
  }

  WarpState state;
#pragma unroll
  for (int tile = 0; tile < 16; ++tile)
#pragma unroll
    for (int i = 0; i < 4; ++i) state.output[tile][i] = 0;
  const float scale = 1.4426950408889634f * rsqrtf(float(decodeHeadDim));  // scores in log2 units
  for (int i = 0; i < count; ++i) {
    const int ahead = i + stages - 1;
    if (ahead < count) fetch(ahead, nextPage);
    commitCopies();
    if (ahead + 1 < count) nextPage = table[warp + (ahead + 1) * warps];
    waitCopies<stages - 1>();
    __syncwarp();
    const int firstToken = (item.pageBegin + warp + i * warps) * decodePageSize;
    consumePage(state, ring + i % stages * stageElements, query, context - firstToken, scale, lane);
    __syncwarp();
  }
  waitCopies<0>();
  __syncthreads();

  // Warps meet in shared memory: per row 128 floats of output, then maximum and sum.
  float* outputs = reinterpret_cast<float*>(shared);           // [warp][16][128]
  float* maxima = outputs + warps * 16 * decodeHeadDim;        // [warp][16]
  float* sums = maxima + warps * 16;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    float total = state.sum[half];
    total += __shfl_xor_sync(~0u, total, 1);
    total += __shfl_xor_sync(~0u, total, 2);
    const int r = row + half * 8;
    if (r < group) {
#pragma unroll
      for (int tile = 0; tile < 16; ++tile)
        *reinterpret_cast<float2*>(outputs + (warp * 16 + r) * decodeHeadDim + tile * 8 + pair) =
            make_float2(state.output[tile][half * 2], state.output[tile][half * 2 + 1]);
      if ((lane & 3) == 0) {
        maxima[warp * 16 + r] = state.maximum[half];
        sums[warp * 16 + r] = total;
      }
    }
  }
  __syncthreads();
  const int splits = plan.splits[item.sequence];
  const int d = threadIdx.x;
  for (int r = 0; r < group; ++r) {
    float maximum = never, total = 0, sum = 0;
#pragma unroll
    for (int w = 0; w < warps; ++w) maximum = fmaxf(maximum, maxima[w * 16 + r]);
#pragma unroll
    for (int w = 0; w < warps; ++w) {
      const float weight = exp2f(maxima[w * 16 + r] - maximum);
      total += weight * sums[w * 16 + r];
      sum += weight * outputs[(w * 16 + r) * decodeHeadDim + d];
    }
    const int head = kvHead * group + r;
    if (splits == 1) {
      out[(size_t(item.sequence) * plan.heads + head) * decodeHeadDim + d] = __float2bfloat16(sum / total);
    } else {
      const size_t slot = size_t(plan.firstPartial[item.sequence] + item.split) * plan.heads + head;
      plan.partialOutput[slot * decodeHeadDim + d] = sum / total;
      if (d == 0) plan.partialLse[slot] = maximum + log2f(total);
    }
  }
  if (splits == 1) return;

  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    int* arrivals = plan.arrivals + item.sequence * plan.kvHeads + kvHead;
    last = atomicAdd(arrivals, 1) == splits - 1;
    if (last) *arrivals = 0;
  }
  __syncthreads();
  if (!last) return;
  __threadfence();
  mergeSplits(plan, item.sequence, kvHead, group, warp, lane, out);
}

}  // namespace

const unsigned decodeBlockThreads = warps * 32, decodeSharedBytes = sharedBytes;

void decodeAttention(const DecodePlan::Arguments& plan, const __nv_bfloat16* q, int64_t queryStride, const __nv_bfloat16* keys,
                     const __nv_bfloat16* values, const int* blockTable, int pagesPerSequenceMax, __nv_bfloat16* out, cudaStream_t stream) {
  // The attribute is a device's.
  static thread_local int raisedOn = -1;
  int device = 0;
  CUDA_CHECK(cudaGetDevice(&device));
  if (device != raisedOn) CUDA_CHECK(cudaFuncSetAttribute(decodeKernel, cudaFuncAttributeMaxDynamicSharedMemorySize, sharedBytes));
  raisedOn = device;
  decodeKernel<<<plan.itemCount * plan.kvHeads, warps * 32, sharedBytes, stream>>>(plan, q, queryStride, keys, values, blockTable, pagesPerSequenceMax, out);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace kernels
