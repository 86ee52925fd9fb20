#include <random>

#include "Check.h"
#include "Harness/Statistics.h"
#include "Harness/StoppingCriterion.h"

using namespace harness;

TEST("the median of an even count lies between the middle two") { CHECK_NEAR(median({4, 1, 3, 2}), 2.5, 1e-12); }
TEST("the median of an odd count is the middle one") { CHECK_NEAR(median({9, 1, 5}), 5, 1e-12); }
TEST("the median of nothing is not a number") { CHECK(std::isnan(median({}))); }
TEST("two samples say nothing about their median") { CHECK(std::isinf(relativeHalfWidth({1, 1}))); }
TEST("equal samples have no deviation") {
  CHECK_NEAR(relativeDeviation({3, 3, 3}), 0, 0);
  CHECK_NEAR(relativeHalfWidth({3, 3, 3}), 0, 0);
}
TEST("one outlier moves neither the median nor its deviation") {
  CHECK_NEAR(median({10, 10, 10, 10, 500}), 10, 0);
  CHECK_NEAR(relativeDeviation({10, 10, 10, 10, 500}), 0, 0);
}
TEST("the interval of the median covers the true one about as often as it says") {
  std::mt19937_64 random(7);
  std::exponential_distribution<double> noise(1);
  int covered = 0;
  constexpr int trials = 2000;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<double> samples;
    for (int i = 0; i < 25; ++i) samples.push_back(noise(random));
    const double middle = median(samples), half = relativeHalfWidth(samples) * middle;
    // The stored half-width is symmetric; twice it is a safe bound for a skewed distribution.
    if (std::fabs(middle - std::log(2.0)) <= 2 * half) ++covered;
  }
  CHECK(covered > 0.93 * trials);
}
TEST("log-log interpolation is exact for powers") { CHECK_NEAR(interpolateLogLog(1, 3, 100, 3e4, 10), 300, 1e-9); }

TEST("steady samples stop at the minimum") {
  StoppingCriterion criterion({5, 50, 0.01, 1});
  int count = 0;
  while (!criterion.finished()) { criterion.add(100, 1e-4); ++count; }
  CHECK_EQUAL(count, 5);
}
TEST("noisy samples stop at the maximum") {
  StoppingCriterion criterion({5, 30, 1e-6, 10});
  int count = 0;
  while (!criterion.finished()) { criterion.add(100 + count % 7, 1e-4); ++count; }
  CHECK_EQUAL(count, 30);
}
TEST("slow samples stop by time, after three") {
  StoppingCriterion criterion({5, 30, 1e-6, 0.1});
  int count = 0;
  while (!criterion.finished()) { criterion.add(1e5 + count, 0.1); ++count; }
  CHECK_EQUAL(count, 3);
}
