// Shares of one time budget between families, by weight; time a family leaves goes to the later ones.
#pragma once
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace harness {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Pure arithmetic: what the family at `index` may spend when `spent` of `total` is gone.
double familyAllowance(const std::vector<std::pair<std::string, double>>& weights, size_t index, double total, double spent);

}  // namespace harness
