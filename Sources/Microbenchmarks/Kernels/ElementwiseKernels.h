// The memory-bound operations between the matrix products of a decoder layer. bf16 throughout,
// 16-byte accesses, one pass over each operand.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp8.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace kernels {

using bf16 = __nv_bfloat16;

void rmsNorm(const bf16* x, const bf16* weight, bf16* out, int tokens, int hidden, cudaStream_t stream);
/// residual += x, then out = norm(residual).
void addRmsNorm(const bf16* x, bf16* residual, const bf16* weight, bf16* out, int tokens, int hidden, cudaStream_t stream);
/// gateUp: [tokens][2 * intermediate], gate first.
void siluMultiply(const bf16* gateUp, bf16* out, int tokens, int intermediate, cudaStream_t stream);
void addResidual(const bf16* x, bf16* residual, int tokens, int hidden, cudaStream_t stream);
void embed(const int* ids, const bf16* table, bf16* out, int tokens, int hidden, cudaStream_t stream);
/// Greedy sampling: the index of the largest logit of each row.
void argmaxRows(const bf16* logits, int* ids, int rows, int vocabulary, cudaStream_t stream);
/// Per-tensor quantisation with a known scale.
void quantizeFP8(const bf16* x, __nv_fp8_e4m3* out, float inverseScale, int64_t count, cudaStream_t stream);

/// Rotates the q and k heads of qkv [tokens][(heads + 2 kvHeads) * 128] in place and writes k and v
/// to their slots of the paged cache ([page][kvHead][16][128]). cosSin: [position][64] pairs.
void rotaryAndCache(bf16* qkv, const int* positions, const int* slots, const float2* cosSin, bf16* keys, bf16* values,
                    int tokens, int heads, int kvHeads, cudaStream_t stream);
void fillCosSin(float2* cosSin, int positions, cudaStream_t stream);

/// blocksPerSM * sms blocks; `sink` keeps the compiler from dropping the loads.
void readBytes(const void* source, int64_t bytes, int blocks, float* sink, cudaStream_t stream);
void copyBytes(const void* source, void* destination, int64_t bytes, int blocks, cudaStream_t stream);

}  // namespace kernels
