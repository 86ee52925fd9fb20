#include "DeviceFacts.h"

#include <dlfcn.h>

#include <memory>

#include "Cuda.h"

namespace device {

// NVML is opened at run time because not every toolkit ships its header and the library belongs to
// the driver. The few signatures used are part of its stable C interface.
struct DeviceFacts::Nvml {
  void* library = nullptr;
  void* handle = nullptr;
  int (*clockInfo)(void*, unsigned, unsigned*) = nullptr;
  int (*throttleReasons)(void*, unsigned long long*) = nullptr;
};

namespace {
constexpr unsigned nvmlClockSM = 1;
constexpr unsigned long long reasonPowerCap = 0x4, reasonHardwareSlowdown = 0x8, reasonThermalSoftware = 0x20,
                             reasonThermalHardware = 0x40, reasonPowerBrake = 0x80;

std::string dotted(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }
}  // namespace

DeviceFacts::DeviceFacts(int deviceIndex) {
  cudaDeviceProp properties;
  CUDA_CHECK(cudaGetDeviceProperties(&properties, deviceIndex));
  name_ = properties.name;
  smCount_ = properties.multiProcessorCount;
  l2Bytes_ = properties.l2CacheSize;
  memoryBytes_ = static_cast<int64_t>(properties.totalGlobalMem);
  int runtime = 0;
  CUDA_CHECK(cudaRuntimeGetVersion(&runtime));
  cuda_ = dotted(runtime);

  auto nvml = std::make_unique<Nvml>();
  nvml->library = dlopen("libnvidia-ml.so.1", RTLD_NOW);
  if (!nvml->library) return;
  auto symbol = [&](const char* name) { return dlsym(nvml->library, name); };
  auto init = reinterpret_cast<int (*)()>(symbol("nvmlInit_v2"));
  auto byBus = reinterpret_cast<int (*)(const char*, void**)>(symbol("nvmlDeviceGetHandleByPciBusId_v2"));
  auto driver = reinterpret_cast<int (*)(char*, unsigned)>(symbol("nvmlSystemGetDriverVersion"));
  auto maxClock = reinterpret_cast<int (*)(void*, unsigned, unsigned*)>(symbol("nvmlDeviceGetMaxClockInfo"));
  nvml->clockInfo = reinterpret_cast<int (*)(void*, unsigned, unsigned*)>(symbol("nvmlDeviceGetClockInfo"));
  nvml->throttleReasons =
      reinterpret_cast<int (*)(void*, unsigned long long*)>(symbol("nvmlDeviceGetCurrentClocksThrottleReasons"));
  char bus[32] = {}, text[96] = {};
  CUDA_CHECK(cudaDeviceGetPCIBusId(bus, sizeof bus, deviceIndex));
  if (!init || !byBus || init() != 0 || byBus(bus, &nvml->handle) != 0) return;
  if (driver && driver(text, sizeof text) == 0) driver_ = text;
  unsigned clock = 0;
  if (maxClock && maxClock(nvml->handle, nvmlClockSM, &clock) == 0) clockMaxMHz_ = static_cast<int>(clock);
  nvml_ = nvml.release();
}

DeviceFacts::~DeviceFacts() { delete nvml_; }

ClockReading DeviceFacts::readClock() const {
  ClockReading reading;
  if (!nvml_) return reading;
  unsigned clock = 0;
  if (nvml_->clockInfo && nvml_->clockInfo(nvml_->handle, nvmlClockSM, &clock) == 0) reading.smMHz = static_cast<int>(clock);
  unsigned long long reasons = 0;
  if (nvml_->throttleReasons && nvml_->throttleReasons(nvml_->handle, &reasons) == 0) {
    reading.powerCapped = reasons & reasonPowerCap;
    reading.throttled =
        reasons & (reasonHardwareSlowdown | reasonThermalSoftware | reasonThermalHardware | reasonPowerBrake);
  }
  return reading;
}

harness::JsonLine DeviceFacts::json(const ClockReading& clock) const {
  harness::JsonLine line;
  line.add("name", name_).add("sms", smCount_);
  if (clock.smMHz > 0) line.add("clock_mhz", clock.smMHz);
  if (clockMaxMHz_ > 0) line.add("clock_max_mhz", clockMaxMHz_);
  if (clock.powerCapped) line.add("power_capped", true);
  if (!driver_.empty()) line.add("driver", driver_);
  line.add("cuda", cuda_);
  return line;
}

}  // namespace device
