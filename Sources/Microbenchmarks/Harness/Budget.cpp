#include "Budget.h"

namespace harness {

double familyAllowance(const std::vector<std::pair<std::string, double>>& weights, size_t index, double total, double spent) {
  double remainingWeight = 0;
  for (size_t i = index; i < weights.size(); ++i) remainingWeight += weights[i].second;
  const double left = total - spent;
  return left <= 0 || remainingWeight <= 0 ? 0 : left * weights[index].second / remainingWeight;
}

}  // namespace harness
