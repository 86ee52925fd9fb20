#include "Refinement.h"

#include <cmath>

#include "Statistics.h"

namespace harness {

void RefinementPlanner::add(const std::string& name, int64_t x, double y) {
  Curve& curve = curves_[name];
  auto right = curve.points.upper_bound(x);
  if (right != curve.points.end() && right != curve.points.begin() && !curve.points.count(x)) {
    auto left = std::prev(right);
    const double predicted = interpolateLogLog(left->first, left->second, right->first, right->second, x);
    lastError_ = std::fabs(std::log(predicted / y));
    // Halving an interval of a smooth curve quarters the error; steps (tile waves) only halve it,
    // so the cautious factor is kept for both halves.
    curve.expectedError[left->first] = lastError_ / 2;
    curve.expectedError[x] = lastError_ / 2;
  }
  curve.points[x] = y;
}

double RefinementPlanner::initialError(const Curve& curve, int64_t left) const {
  // Before a midpoint is known, the change of slope against the neighbours stands in for the error.
  auto here = curve.points.find(left), right = std::next(here);
  auto slope = [](auto a, auto b) {
    return std::log(b->second / a->second) / std::log(static_cast<double>(b->first) / a->first);
  };
  const double middle = slope(here, right);
  double bend = 0;
  if (here != curve.points.begin()) bend = std::fmax(bend, std::fabs(middle - slope(std::prev(here), here)));
  if (std::next(right) != curve.points.end()) bend = std::fmax(bend, std::fabs(middle - slope(right, std::next(right))));
  return bend * std::log(static_cast<double>(right->first) / left) / 4;
}

std::optional<RefinementPlanner::Point> RefinementPlanner::next() {
  std::optional<Point> best;
  double bestError = errorTarget_;
  for (auto& [name, curve] : curves_) {
    for (auto here = curve.points.begin(); here != curve.points.end() && std::next(here) != curve.points.end(); ++here) {
      const int64_t left = here->first, right = std::next(here)->first;
      const auto middle = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(left) * right) / granule_)) * granule_;
      if (middle <= left || middle >= right || curve.asked[middle]) continue;
      const auto known = curve.expectedError.find(left);
      const double error = known != curve.expectedError.end() ? known->second : initialError(curve, left);
      if (error > bestError) {
        bestError = error;
        best = Point{name, middle};
      }
    }
  }
  if (best) curves_[best->curve].asked[best->x] = true;
  return best;
}

}  // namespace harness
