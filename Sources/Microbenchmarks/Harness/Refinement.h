// Where to measure next: bisect the interval whose midpoint was predicted worst.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace harness {

/// A family of curves y(x), one per key. Coarse points go in first; `next` then names midpoints,
/// those expected to correct the log-log interpolation most coming first.
class RefinementPlanner {
 public:
  struct Point {
    std::string curve;
    int64_t x;
  };

  /// Midpoints are rounded to a multiple of `granule`; intervals with none inside are finished.
  explicit RefinementPlanner(int64_t granule, double errorTarget) : granule_(granule), errorTarget_(errorTarget) {}

  void add(const std::string& curve, int64_t x, double y);
  std::optional<Point> next();
  /// |log(predicted/measured)| of the latest point that fell between two known ones.
  double lastError() const { return lastError_; }

 private:
  struct Curve {
    std::map<int64_t, double> points;
    std::map<int64_t, double> expectedError;  ///< by left end of the interval
    std::map<int64_t, bool> asked;
  };
  double initialError(const Curve& curve, int64_t left) const;

  std::map<std::string, Curve> curves_;
  int64_t granule_;
  double errorTarget_;
  double lastError_ = 0;
};

}  // namespace harness
