// Error checks and small owners for CUDA resources.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace device {

[[noreturn]] inline void fail(const std::string& what, const char* file, int line) {
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

inline void check(cudaError_t status, const char* expression, const char* file, int line) {
  if (status != cudaSuccess) fail(std::string(expression) + ": " + cudaGetErrorString(status), file, line);
}

#define CUDA_CHECK(expression) ::device::check((expression), #expression, __FILE_NAME__, __LINE__)
#define STATUS_CHECK(expression)                                                                          \
  do {                                                                                                    \
    const auto status_ = (expression);                                                                    \
    if (static_cast<int>(status_) != 0)                                                                   \
      ::device::fail(std::string(#expression) + ": status " + std::to_string(static_cast<int>(status_)), \
                     __FILE_NAME__, __LINE__);                                                            \
  } while (0)

/// Device memory with one owner.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t bytes) : bytes_(bytes) {
    if (bytes) CUDA_CHECK(cudaMalloc(&pointer_, bytes));
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  ~Buffer() {
    if (pointer_) cudaFree(pointer_);
  }
  template <typename T = void>
  T* as(size_t byteOffset = 0) const { return reinterpret_cast<T*>(static_cast<char*>(pointer_) + byteOffset); }
  size_t bytes() const { return bytes_; }

 private:
  void swap(Buffer& other) {
    std::swap(pointer_, other.pointer_);
    std::swap(bytes_, other.bytes_);
  }
  void* pointer_ = nullptr;
  size_t bytes_ = 0;
};

/// Waits for the copy: transfers from pageable memory may still be under way when cudaMemcpy
/// returns, and streams created non-blocking do not wait for them.
template <typename T>
Buffer upload(const std::vector<T>& values) {
  Buffer buffer(values.size() * sizeof(T));
  CUDA_CHECK(cudaMemcpy(buffer.as(), values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
  CUDA_CHECK(cudaDeviceSynchronize());
  return buffer;
}

/// Uniform values in [-scale, scale], a function of (seed, index) alone.
void fillRandomBF16(void* pointer, size_t count, float scale, uint64_t seed, cudaStream_t stream = nullptr);
void fillRandomFP8(void* pointer, size_t count, float scale, uint64_t seed, cudaStream_t stream = nullptr);
void fillRandomTokens(int* pointer, size_t count, int vocabulary, uint64_t seed, cudaStream_t stream = nullptr);

/// Keeps a stream busy for about the given time, so that work queued behind it starts together.
void spin(cudaStream_t stream, int64_t nanoseconds);

/// Counts the distinct SMs that kernels on this stream run on.
int countVisibleSMs(cudaStream_t stream);

}  // namespace device
