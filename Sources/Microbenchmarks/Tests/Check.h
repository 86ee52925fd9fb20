// The smallest test registry that prints a usable summary.
#pragma once
#include <cmath>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

struct TestCase {
  std::string name;
  std::function<void()> body;
};
std::vector<TestCase>& testCases();
extern int currentFailures;

struct Register {
  Register(const char* name, std::function<void()> body) { testCases().push_back({name, std::move(body)}); }
};

#define CHECK_JOIN2(a, b) a##b
#define CHECK_JOIN(a, b) CHECK_JOIN2(a, b)
#define TEST(name) \
  static void CHECK_JOIN(test, __LINE__)(); \
  static Register CHECK_JOIN(registered, __LINE__)(name, CHECK_JOIN(test, __LINE__)); \
  static void CHECK_JOIN(test, __LINE__)()

#define CHECK(condition)                                                                         \
  do {                                                                                           \
    if (!(condition)) {                                                                          \
      std::cerr << __FILE__ << ":" << __LINE__ << ": expected " << #condition << "\n";            \
      ++currentFailures;                                                                         \
    }                                                                                            \
  } while (0)

#define CHECK_EQUAL(found, expected)                                                                                   \
  do {                                                                                                                 \
    const auto found_ = (found);                                                                                       \
    if (!(found_ == (expected))) {                                                                                     \
      std::cerr << __FILE__ << ":" << __LINE__ << ": " << #found << " is " << found_ << ", expected " << (expected) << "\n"; \
      ++currentFailures;                                                                                               \
    }                                                                                                                  \
  } while (0)

#define CHECK_NEAR(found, expected, tolerance) CHECK(std::fabs((found) - (expected)) <= (tolerance))
