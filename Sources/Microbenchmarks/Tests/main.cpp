#include "Check.h"

std::vector<TestCase>& testCases() {
  static std::vector<TestCase> cases;
  return cases;
}
int currentFailures = 0;

int main() {
  int passed = 0, failed = 0;
  for (const auto& test : testCases()) {
    currentFailures = 0;
    test.body();
    if (currentFailures) {
      std::cerr << "failed: " << test.name << "\n";
      ++failed;
    } else {
      ++passed;
    }
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed ? 1 : 0;
}
