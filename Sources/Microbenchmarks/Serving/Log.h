// What a run writes down, in the layout that `phasewise validate` reads.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "Rules.h"

namespace serving {

struct Step {
  char phase = 0;  ///< 'p' prefill, 'd' decode, 'x' KV transfer
  double start = 0, end = 0;  ///< seconds on the clock of the arrivals, host
  int sequences = 0;
  int64_t tokens = 0;    ///< prompt tokens, sum of contexts, bytes
  int graphBatch = 0;    ///< of decode: what the batch was padded to
  double device = 0;     ///< seconds between the first and the last work of the device, without copies
};

/// Workers may share it.
class RunLog {
 public:
  explicit RunLog(size_t requests) : firstTokens_(requests, 0), ends_(requests, 0) {}
  void firstToken(int request, double time) { firstTokens_[request] = time; }
  void completed(int request, double time) { ends_[request] = time; }
  void step(const Step& step);
  void clock(double time, int mhz, bool powerCapped);

  /// Appends to requests.csv, iterations.csv and clocks.csv of the folder, with headers where they are new.
  void write(const std::string& folder, const Policy& policy, const std::string& mix, const std::vector<Request>& requests) const;
  std::string summary(const std::vector<Request>& requests) const;

 private:
  struct Clock {
    double time;
    int mhz;
    bool powerCapped;
  };
  std::mutex mutex_;
  std::vector<double> firstTokens_, ends_;
  std::vector<Step> steps_;
  std::vector<Clock> clocks_;
};

}  // namespace serving
