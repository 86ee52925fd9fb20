#include <algorithm>

#include "Check.h"
#include "Harness/Axes.h"
#include "Harness/Budget.h"
#include "Harness/CommandLine.h"
#include "Harness/Refinement.h"

using namespace harness;

namespace {
const std::vector<std::string> families = {"gemm", "decode", "host"};
}

TEST("durations with and without a unit") {
  CHECK_NEAR(parseDuration("300s"), 300, 0);
  CHECK_NEAR(parseDuration("1.5m"), 90, 0);
  CHECK_NEAR(parseDuration("42"), 42, 0);
  CHECK(parseDuration("soon") < 0);
  CHECK(parseDuration("-3s") < 0);
  CHECK(parseDuration("3h") < 0);
}
TEST("families are chosen by name") {
  const auto options = parseOptions({"--only", "gemm,host", "--quick", "--output", "x.jsonl"}, families);
  CHECK(options.error.empty());
  CHECK_EQUAL(options.only.size(), size_t{2});
  CHECK(options.quick);
  CHECK_EQUAL(options.output, std::string("x.jsonl"));
}
TEST("mistakes on the command line are named") {
  CHECK(parseOptions({"--only", "gem"}, families).error.find("gem") != std::string::npos);
  CHECK(parseOptions({"--budget", "soon"}, families).error.find("soon") != std::string::npos);
  CHECK(parseOptions({"--budget"}, families).error.find("expects a value") != std::string::npos);
  CHECK(parseOptions({"--fast"}, families).error.find("--fast") != std::string::npos);
  CHECK(parseOptions({"--device", "first"}, families).error.find("first") != std::string::npos);
}

TEST("the budget is shared by weight, and what one family leaves goes to the others") {
  const std::vector<std::pair<std::string, double>> weights = {{"a", 1}, {"b", 3}};
  CHECK_NEAR(familyAllowance(weights, 0, 100, 0), 25, 1e-12);
  CHECK_NEAR(familyAllowance(weights, 1, 100, 5), 95, 1e-12);
  CHECK_NEAR(familyAllowance(weights, 1, 100, 120), 0, 0);
}

TEST("projections of Llama-3-8B have the published sizes") {
  const auto shapes = projections(llama3_8B(), 1);
  CHECK_EQUAL(shapes[0].n, 6144);
  CHECK_EQUAL(shapes[2].n, 28672);
  CHECK_EQUAL(shapes[3].k, 14336);
}
TEST("tensor parallelism divides columns or rows, never both") {
  for (int tp : {1, 2, 4, 8}) {
    const auto whole = projections(llama3_70B(), 1), part = projections(llama3_70B(), tp);
    for (size_t i = 0; i < whole.size(); ++i) CHECK_EQUAL(part[i].n * part[i].k * tp, whole[i].n * whole[i].k);
  }
}
TEST("shapes that several models share are measured once") {
  const auto unique = uniqueShapes({{"a", 1, 2}, {"b", 1, 2}, {"c", 2, 1}});
  CHECK_EQUAL(unique.size(), size_t{2});
  CHECK_EQUAL(unique[0].name, std::string("a"));
}
TEST("held-out SM counts are not among the fitted ones") {
  for (int sms : smCountsHeldOut()) CHECK(std::find(smCounts().begin(), smCounts().end(), sms) == smCounts().end());
}

TEST("a straight line is not refined") {
  RefinementPlanner planner(1, 0.01);
  for (int64_t x : {1, 10, 100, 1000}) planner.add("line", x, 2.0 * x);
  CHECK(!planner.next());
}
TEST("the interval with a step is bisected first, and again until the step is found") {
  auto step = [](int64_t x) { return x < 600 ? 10.0 : 20.0; };
  RefinementPlanner planner(8, 0.01);
  for (int64_t x : {16, 64, 256, 1024, 4096}) planner.add("step", x, step(x));
  int64_t nearest = 1 << 20;
  constexpr int bound = 12;
  for (int i = 0; i < bound; ++i) {
    const auto point = planner.next();
    if (!point) break;
    nearest = std::min(nearest, std::abs(point->x - 600));
    planner.add(point->curve, point->x, step(point->x));
  }
  CHECK(nearest <= 32);
}
TEST("no midpoint is asked for twice, even when measuring it failed") {
  RefinementPlanner planner(1, 0.0);
  for (int64_t x : {1, 4, 16}) planner.add("curve", x, x == 4 ? 9.0 : x);
  int asked = 0;
  while (planner.next() && asked < 100) ++asked;
  CHECK_EQUAL(asked, 2);
}
TEST("steps of M are the ends of tiles and what comes right behind, without the points that the other axis has") {
  const auto rows = gemmStepRows(2560);
  CHECK(std::find(rows.begin(), rows.end(), 65) != rows.end());
  CHECK(std::find(rows.begin(), rows.end(), 64) == rows.end());
  CHECK(std::find(rows.begin(), rows.end(), 320) != rows.end());
  CHECK(std::find(rows.begin(), rows.end(), 1152) != rows.end());
  CHECK(std::find(rows.begin(), rows.end(), 1088) == rows.end());
  CHECK_EQUAL(rows.back(), int64_t{2561});
  CHECK(std::is_sorted(rows.begin(), rows.end()));
}
