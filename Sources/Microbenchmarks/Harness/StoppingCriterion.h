// Decides, one sample at a time, when a median is known well enough.
#pragma once
#include <vector>

namespace harness {

struct StoppingRule {
  int samplesMin = 5;
  int samplesMax = 25;
  double relativeHalfWidthTarget = 0.01;
  double secondsMax = 0.25;  ///< of device time spent in samples
};

class StoppingCriterion {
 public:
  explicit StoppingCriterion(StoppingRule rule) : rule_(rule) {}
  void add(double sampleMicroseconds, double spentSeconds);
  bool finished() const;
  const std::vector<double>& samples() const { return samples_; }

 private:
  StoppingRule rule_;
  std::vector<double> samples_;
  double spentSeconds_ = 0;
};

}  // namespace harness
