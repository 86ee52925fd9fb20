// Driver entry points, looked up at run time: the same binary then starts on drivers without green
// contexts and reports them as a skip.
#pragma once
#include <cuda.h>

#include <string>

#include "Cuda.h"

namespace device {

template <typename Function>
Function driverFunction(const char* name) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult result;
  CUDA_CHECK(cudaGetDriverEntryPointByVersion(name, &function, 12050, cudaEnableDefault, &result));
  if (result != cudaDriverEntryPointSuccess || !function) fail(std::string("the driver has no ") + name, __FILE_NAME__, __LINE__);
  return reinterpret_cast<Function>(function);
}
#define DRIVER(name) ::device::driverFunction<decltype(&name)>(#name)

}  // namespace device
