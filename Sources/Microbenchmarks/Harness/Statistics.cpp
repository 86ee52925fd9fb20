#include "Statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace harness {

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

double relativeHalfWidth(std::vector<double> values) {
  const size_t n = values.size();
  if (n < 3) return std::numeric_limits<double>::infinity();
  std::sort(values.begin(), values.end());
  // Ranks n/2 -+ 0.98 sqrt(n) bound the median with 95 % confidence (binomial, normal approximation).
  const double half = 0.98 * std::sqrt(static_cast<double>(n));
  const auto low = static_cast<size_t>(std::max(0.0, std::floor(n / 2.0 - half)));
  const auto high = std::min(n - 1, static_cast<size_t>(std::ceil(n / 2.0 + half)));
  const double middle = median(values);
  return middle > 0 ? 0.5 * (values[high] - values[low]) / middle : std::numeric_limits<double>::infinity();
}

double relativeDeviation(const std::vector<double>& values) {
  const double middle = median(values);
  std::vector<double> distances;
  for (double value : values) distances.push_back(std::fabs(value - middle));
  return middle > 0 ? median(distances) / middle : std::numeric_limits<double>::quiet_NaN();
}

double interpolateLogLog(double x0, double y0, double x1, double y1, double x) {
  const double t = (std::log(x) - std::log(x0)) / (std::log(x1) - std::log(x0));
  return std::exp(std::log(y0) + t * (std::log(y1) - std::log(y0)));
}

}  // namespace harness
