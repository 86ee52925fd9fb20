#include "Partition.h"

#include <algorithm>
#include <chrono>

#include "Driver.h"

namespace device {
namespace {

constexpr size_t workspaceBytes = 64u << 20;

double microsecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Partition::~Partition() {
  if (lt) cublasLtDestroy(lt);
  // Streams and green contexts stay until the process ends: destroying them while library caches
  // still refer to them is not worth the risk in a program that exits next.
}

PartitionTable::PartitionTable(int deviceIndex) : deviceIndex_(deviceIndex) {
  CUDA_CHECK(cudaSetDevice(deviceIndex));
  CUDA_CHECK(cudaFree(nullptr));  // green contexts need the primary context first
  CUDA_CHECK(cudaDeviceGetAttribute(&smCount_, cudaDevAttrMultiProcessorCount, deviceIndex));
}

void PartitionTable::split(int sms, CUdevResource* group, CUdevResource* remaining) {
  CUdevResource all = {};
  STATUS_CHECK(DRIVER(cuDeviceGetDevResource)(deviceIndex_, &all, CU_DEV_RESOURCE_TYPE_SM));
  unsigned groups = 1;
  STATUS_CHECK(DRIVER(cuDevSmResourceSplitByCount)(group, &groups, &all, remaining, 0, static_cast<unsigned>(sms)));
  if (groups != 1) fail("no group of " + std::to_string(sms) + " SMs", __FILE_NAME__, __LINE__);
}

std::unique_ptr<Partition> PartitionTable::make(int requested, CUdevResource* resource) {
  auto partition = std::make_unique<Partition>();
  partition->requested = requested;
  if (resource) {
    CUdevResourceDesc description;
    STATUS_CHECK(DRIVER(cuDevResourceGenerateDesc)(&description, resource, 1));
    STATUS_CHECK(DRIVER(cuGreenCtxCreate)(&partition->context, description, deviceIndex_, CU_GREEN_CTX_DEFAULT_STREAM));
    CUstream stream;
    STATUS_CHECK(DRIVER(cuGreenCtxStreamCreate)(&stream, partition->context, CU_STREAM_NON_BLOCKING, 0));
    partition->stream = stream;
    CUdevResource granted = {};
    STATUS_CHECK(DRIVER(cuGreenCtxGetDevResource)(partition->context, &granted, CU_DEV_RESOURCE_TYPE_SM));
    partition->granted = static_cast<int>(granted.sm.smCount);
  } else {
    CUDA_CHECK(cudaStreamCreateWithFlags(&partition->stream, cudaStreamNonBlocking));
    partition->granted = smCount_;
  }
  STATUS_CHECK(cublasLtCreate(&partition->lt));
  partition->workspace = Buffer(workspaceBytes);
  return partition;
}

Partition& PartitionTable::get(int sms) {
  auto& slot = single_[sms];
  if (!slot) {
    if (sms >= smCount_) {
      slot = make(sms, nullptr);
    } else {
      CUdevResource group = {}, remaining = {};
      split(sms, &group, &remaining);
      slot = make(sms, &group);
    }
  }
  return *slot;
}

std::pair<Partition*, Partition*> PartitionTable::pair(int first, int second) {
  auto& slot = pairs_[{first, second}];
  if (!slot.first) {
    if (first >= smCount_ && second >= smCount_) {
      slot = {make(first, nullptr), make(second, nullptr)};
    } else {
      // A split rounds up to the granularity, so the side that is a multiple of it is cut out and
      // the other is the remainder.
      constexpr int granularity = 8;
      const bool cutFirst = first % granularity == 0;
      CUdevResource group = {}, remaining = {};
      split(cutFirst ? first : second, &group, &remaining);
      CUdevResource* forFirst = cutFirst ? &group : &remaining;
      CUdevResource* forSecond = cutFirst ? &remaining : &group;
      slot = {make(first, forFirst), make(second, forSecond)};
    }
  }
  return {slot.first.get(), slot.second.get()};
}

PartitionCosts PartitionTable::timeCycle(int sms) {
  CUdevResource group = {}, remaining = {};
  split(sms, &group, &remaining);
  const auto create = DRIVER(cuGreenCtxCreate);
  const auto createStream = DRIVER(cuGreenCtxStreamCreate);
  const auto destroy = DRIVER(cuGreenCtxDestroy);
  CUdevResourceDesc description;
  CUgreenCtx context;
  CUstream stream;
  PartitionCosts costs;
  auto start = std::chrono::steady_clock::now();
  STATUS_CHECK(DRIVER(cuDevResourceGenerateDesc)(&description, &group, 1));
  STATUS_CHECK(create(&context, description, deviceIndex_, CU_GREEN_CTX_DEFAULT_STREAM));
  costs.createMicroseconds = microsecondsSince(start);
  start = std::chrono::steady_clock::now();
  STATUS_CHECK(createStream(&stream, context, CU_STREAM_NON_BLOCKING, 0));
  costs.streamMicroseconds = microsecondsSince(start);
  start = std::chrono::steady_clock::now();
  CUDA_CHECK(cudaStreamDestroy(stream));
  STATUS_CHECK(destroy(context));
  costs.destroyMicroseconds = microsecondsSince(start);
  return costs;
}

}  // namespace device
