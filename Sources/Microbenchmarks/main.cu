// Measures what LLM serving spends its time on, one JSON object per line.
#include <algorithm>
#include <iostream>

#include "Harness/Budget.h"
#include "Harness/CommandLine.h"
#include "Kernels/Bench.h"
#include "Serving/Server.h"

namespace {

std::vector<std::string> familyNames() {
  std::vector<std::string> names;
  for (const auto& family : kernels::families()) names.push_back(family.name);
  return names;
}

std::vector<kernels::Family> selectedFamilies(const harness::Options& options) {
  std::vector<kernels::Family> selected;
  for (const auto& family : kernels::families())
    if (options.only.empty() || std::find(options.only.begin(), options.only.end(), family.name) != options.only.end()) selected.push_back(family);
  return selected;
}

void runFamilies(kernels::Bench& bench) {
  const auto selected = selectedFamilies(bench.options);
  std::vector<std::pair<std::string, double>> weights;
  for (const auto& family : selected) weights.emplace_back(family.name, family.weight);
  harness::Stopwatch total;
  for (size_t i = 0; i < selected.size(); ++i) {
    const int rowsBefore = bench.rows, skipsBefore = bench.skips;
    harness::Stopwatch watch;
    bench.startFamily(selected[i].name, harness::familyAllowance(weights, i, bench.options.budgetSeconds, total.seconds()));
    // A family that cannot go on leaves the others their turn, unless the device is lost.
    bench.guarded(bench.row("family", "", ""), [&] { selected[i].run(bench); });
    std::cerr << selected[i].name << ": " << bench.rows - rowsBefore << " rows, " << bench.skips - skipsBefore << " skips, " << watch.seconds() << " s\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = harness::parseOptions({argv + 1, argv + argc}, familyNames());
  if (!options.error.empty()) {
    std::cerr << "microbenchmarks: error: " << options.error << "\n";
    return 2;
  }
  if (options.help) {
    std::cout << harness::usage();
    return 0;
  }
  if (options.list) {
    for (const auto& family : kernels::families()) std::cout << family.name << "\t" << family.description << "\n";
    return 0;
  }
  if (!options.workerRole.empty()) return kernels::runWorker(options);
  try {
    if (!options.serve.empty()) {
      serving::serve(options);
      return 0;
    }
    kernels::Bench bench(options);
    if (!bench.writer.good()) throw std::runtime_error("cannot write " + options.output);
    std::cerr << bench.facts.json(bench.facts.readClock()).text() << "\n";
    runFamilies(bench);
  } catch (const std::exception& error) {
    std::cerr << "microbenchmarks: error: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
