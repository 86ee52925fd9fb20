// What the numbers were measured on, and whether the clock held while they were.
#pragma once
#include <string>

#include "Harness/JsonLine.h"

namespace device {

struct ClockReading {
  int smMHz = -1;             ///< -1: not readable
  bool powerCapped = false;   ///< clock held down by the power limit: normal under heavy matrix work
  bool throttled = false;     ///< thermal or external slowdown: samples are thrown away
};

class DeviceFacts {
 public:
  explicit DeviceFacts(int deviceIndex);
  ~DeviceFacts();
  ClockReading readClock() const;
  harness::JsonLine json(const ClockReading& clock) const;
  const std::string& name() const { return name_; }
  int smCount() const { return smCount_; }
  int64_t l2Bytes() const { return l2Bytes_; }
  int64_t memoryBytes() const { return memoryBytes_; }
  const std::string& cudaVersion() const { return cuda_; }

 private:
  std::string name_, driver_, cuda_;
  int smCount_ = 0, clockMaxMHz_ = -1;
  int64_t l2Bytes_ = 0, memoryBytes_ = 0;
  struct Nvml;
  Nvml* nvml_ = nullptr;
};

}  // namespace device
