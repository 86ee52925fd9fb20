#include "StoppingCriterion.h"

#include "Statistics.h"

namespace harness {

void StoppingCriterion::add(double sampleMicroseconds, double spentSeconds) {
  samples_.push_back(sampleMicroseconds);
  spentSeconds_ += spentSeconds;
}

bool StoppingCriterion::finished() const {
  const int count = static_cast<int>(samples_.size());
  if (count >= rule_.samplesMax) return true;
  // Three samples are the least a median can be judged by, however long one takes.
  if (spentSeconds_ >= rule_.secondsMax && count >= 3) return true;
  return count >= rule_.samplesMin && relativeHalfWidth(samples_) <= rule_.relativeHalfWidthTarget;
}

}  // namespace harness
