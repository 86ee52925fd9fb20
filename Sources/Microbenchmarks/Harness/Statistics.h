// Order statistics of timing samples. Medians, because launch jitter is one-sided.
#pragma once
#include <vector>

namespace harness {

double median(std::vector<double> values);

/// Half-width of a distribution-free 95 % confidence interval of the median,
/// relative to the median. Infinite below three samples.
double relativeHalfWidth(std::vector<double> values);

/// Median absolute deviation relative to the median.
double relativeDeviation(const std::vector<double>& values);

/// Linear interpolation in log(x), log(y); x strictly increasing and positive.
double interpolateLogLog(double x0, double y0, double x1, double y1, double x);

}  // namespace harness
