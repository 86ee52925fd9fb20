#include "CommandLine.h"

#include <algorithm>
#include <cstdlib>

namespace harness {

double parseDuration(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit = end ? end : "";
  if (end == text.c_str() || value <= 0) return -1;
  if (unit.empty() || unit == "s") return value;
  if (unit == "m" || unit == "min") return value * 60;
  return -1;
}

std::vector<std::string> splitCommas(const std::string& text) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (start <= text.size()) {
    const size_t comma = std::min(text.find(',', start), text.size());
    if (comma > start) parts.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return parts;
}

Options parseOptions(const std::vector<std::string>& arguments, const std::vector<std::string>& families) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--list") { options.list = true; continue; }
    if (name == "--quick") { options.quick = true; continue; }
    if (name == "--help" || name == "-h") { options.help = true; continue; }
    const std::vector<std::string> known = {"--only", "--budget", "--output", "--device", "--date", "--worker", "--worker-file", "--serve", "--policies"};
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      options.error = "unknown option '" + name + "'; see --help";
      return options;
    }
    if (i + 1 == arguments.size()) {
      options.error = "option " + name + " expects a value";
      return options;
    }
    const std::string& value = arguments[++i];
    if (name == "--only") {
      options.only = splitCommas(value);
      for (const auto& family : options.only)
        if (std::find(families.begin(), families.end(), family) == families.end()) {
          options.error = "unknown family '" + family + "'; --list prints the known ones";
          return options;
        }
    } else if (name == "--budget") {
      options.budgetSeconds = parseDuration(value);
      if (options.budgetSeconds < 0) options.error = "--budget expects a duration such as 300s or 5m, found '" + value + "'";
    } else if (name == "--output") {
      options.output = value;
    } else if (name == "--date") {
      options.date = value;
    } else if (name == "--device") {
      char* end = nullptr;
      options.device = static_cast<int>(std::strtol(value.c_str(), &end, 10));
      if (end == value.c_str() || *end || options.device < 0) options.error = "--device expects an index, found '" + value + "'";
    } else if (name == "--serve") {
      options.serve = splitCommas(value);
    } else if (name == "--policies") {
      options.policies = splitCommas(value);
    } else if (name == "--worker") {
      options.workerRole = value;
    } else {
      options.workerFile = value;
    }
    if (!options.error.empty()) return options;
  }
  if (options.serve.empty() != options.policies.empty()) options.error = "--serve and --policies expect each other";
  if (!options.serve.empty() && options.output == "-") options.error = "--serve expects a folder: --output FOLDER";
  return options;
}

std::string usage() {
  return "usage: microbenchmarks [--list] [--only FAMILY,...] [--quick] [--budget 300s]\n"
         "                       [--output FILE] [--device N] [--date YYYY-MM-DD]\n"
         "Writes one JSON object per measurement to FILE (standard output by default).\n"
         "       microbenchmarks --serve TRACE.csv,... --policies POLICY,... --output FOLDER [--device N]\n"
         "Serves traces in real time instead. Policies: unified, semi-pd:PREFILL+DECODE (SMs of two green contexts),\n"
         "disaggregated (on devices N and N + 1).\n";
}

}  // namespace harness
